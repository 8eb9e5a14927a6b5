#include "evenkeel/data/litter.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(Litter, OfSystemsIsKnownByItsName) {
  for (const char* name : {"Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX", "@eaDir", "$RECYCLE.BIN"})
    EXPECT_EQ(kind_of_litter(name), name);
  EXPECT_EQ(kind_of_litter("THUMBS.DB"), "Thumbs.db");
  EXPECT_EQ(kind_of_litter("._cat.jpg"), "._ files of macOS");
}

TEST(Litter, OfEditorsIsKnownByItsName) {
  for (const char* name : {".ipynb_checkpoints", ".vscode", ".idea"}) EXPECT_EQ(kind_of_litter(name), name);
  EXPECT_EQ(kind_of_litter("cat.jpg~"), "backups of editors");
  EXPECT_EQ(kind_of_litter(".cat.jpg.swp"), "hidden");
}

TEST(Litter, IsNotWhatAPersonPutThere) {
  for (const char* name : {"cat.jpg", "notes.txt", "thumbs.jpg", "Folder.jpg", "desktop", "caf\xe9.png", ""})
    EXPECT_EQ(kind_of_litter(name), "") << name;
}

}  // namespace
}  // namespace evenkeel
