// chappe sign: a letter with DKIM signatures put above it. Asks nobody, and keeps nothing.
#pragma once

#include "app/cli.h"
#include "base/clock.h"
#include "crypto/signature.h"

namespace chappe::app {

int run_sign(const Invocation& invocation);

// A letter from a file or standard input, in the form of the wire: a file of Unix has LF where that had CRLF.
Result<Bytes> read_letter(const std::string& path);
// --at, or now.
Result<Time> time_of(const Invocation& invocation);
// The key that --key names: PEM, or 32 octets of Ed25519 in base64.
Result<crypto::PrivateKey> read_signing_key(const std::string& path);

}  // namespace chappe::app
