#include <filesystem>

#include "commands.h"
#include "common.h"
#include "completion.h"
#include "evenkeel/formats/file.h"
#include "man_page.h"
#include "reference.h"

// The program's own documentation, for shells, man and docs/reference/, made from its commands.

namespace evenkeel::app {
namespace {

struct DocumentationArguments {
  std::string what, out;
  std::vector<std::string> command;
};

/// Writes to stdout, or to a file.
int put(const std::string& text, const std::string& file) {
  if (file.empty())
    print_text(text);
  else
    formats::write_file_atomically(file, text);
  return kDone;
}

std::string completion_of(const CommandInfo& program, const std::string& shell) {
  return shell == "bash"  ? bash_completion(program)
         : shell == "zsh" ? zsh_completion(program)
                          : fish_completion(program);
}

std::string reference_of(const CommandInfo& program, const std::string& what) {
  return what == "commands" ? commands_reference(program)
         : what == "layers" ? layers_reference()
                            : training_reference();
}

const CommandInfo& find_command(const CommandInfo& program, const std::vector<std::string>& words) {
  const CommandInfo* found = &program;
  for (const std::string& word : words) {
    std::vector<std::string> known;
    const CommandInfo* next = nullptr;
    for (const CommandInfo& sub : found->commands) {
      known.push_back(sub.path.back());
      if (known.back() == word) next = &sub;
    }
    if (!next) throw unknown_name(found->name(), "command", word, known);
    found = next;
  }
  return *found;
}

int run_man(const CommandInfo& program, const DocumentationArguments& a) {
  const CommandInfo& command = find_command(program, a.command);
  if (a.out.empty()) return put(man_page(command, program), "");
  std::filesystem::create_directories(a.out);
  for (const CommandInfo* each : with_all_below(command))
    put(man_page(*each, program), (std::filesystem::path(a.out) / man_page_file(*each)).string());
  return kDone;
}

}  // namespace

void add_documentation(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<DocumentationArguments>();
  CLI::App& completion =
      add_command(app, "completion", "Prints a script that completes commands and flags in a shell.",
                  "  evenkeel completion bash --out ~/.local/share/bash-completion/completions/evenkeel\n"
                  "  evenkeel completion fish --out ~/.config/fish/completions/evenkeel.fish");
  choose_from(completion.add_option("SHELL", a->what, "bash, zsh or fish")->required()->option_text(" "),
              {"bash", "zsh", "fish"});
  CLI::App& man = add_command(app, "man", "Prints the manual page of a command.",
                              "  evenkeel man train | man -l -\n"
                              "  evenkeel man --out share/man/man1");
  man.add_option("COMMAND", a->command, "a command; without it, the program")->option_text(" ");
  man.add_option("--out", a->out, "a folder for its page and those of the commands below it")->option_text("DIR");
  CLI::App& reference = add_command(app, "reference", "Prints the reference of commands, layers or keys as Markdown.",
                                    "  evenkeel reference layers\n"
                                    "  evenkeel reference training --out docs/reference/training.md");
  choose_from(reference.add_option("WHAT", a->what, "commands, layers or training")->required()->option_text(" "),
              {"commands", "layers", "training"});
  for (CLI::App* command : {&completion, &reference})
    command->add_option("--out", a->out, "write it to this file")->option_text("FILE");
  completion.callback(
      [&app, a, &chosen] { chosen = [&app, a] { return put(completion_of(command_tree(app), a->what), a->out); }; });
  man.callback([&app, a, &chosen] { chosen = [&app, a] { return run_man(command_tree(app), *a); }; });
  reference.callback(
      [&app, a, &chosen] { chosen = [&app, a] { return put(reference_of(command_tree(app), a->what), a->out); }; });
}

}  // namespace evenkeel::app
