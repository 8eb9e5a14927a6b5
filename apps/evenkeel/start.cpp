#include "program.h"

int main(int, char** argv) { return evenkeel::app::run_program(argv); }
