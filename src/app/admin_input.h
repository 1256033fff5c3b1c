// What verbs take in beside their words: files, standard input, and passwords from a terminal. Blocks on them.
#pragma once

#include <string>
#include <string_view>

#include "app/cli.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::app {

// A file, or standard input for "-". Errc::usage: it cannot be read; Errc::too_large.
Result<Bytes> read_input(const std::string& path, std::size_t limit);

// The password that the verb's --password-file names; without that option, the terminal is asked twice, without showing
// what is typed. Errc::usage: there is no terminal, the two differ, it is empty, or somebody pressed Ctrl-C.
Result<crypto::Secret> read_password(const Invocation& invocation);

// Writes to standard output; gives the exit code.
int print(std::string_view text);

}  // namespace chappe::app
