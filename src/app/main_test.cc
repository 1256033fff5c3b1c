// The test program's own main: called as `serve …` it is the server that serve_test.cc starts, a process of its own.
#include <gmock/gmock.h>

#include <string_view>

#include "app/cli.h"
#include "app/serve.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve") {
    static constexpr chappe::app::Binding kServe[] = {{"serve", chappe::app::run_serve}};
    return chappe::app::run_command_line(argc, argv, kServe);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
