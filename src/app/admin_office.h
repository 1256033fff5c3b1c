// Where the verbs of administration get their answers: from the running server, over the control socket of the data
// folder, or, when nobody owns the store, from the same methods in this process. Main thread only; blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/cli.h"
#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"
#include "codec/json.h"

namespace chappe::app {

// Longer answers are no answers.
inline constexpr std::size_t kMaxAnswer = 64 * 1024 * 1024;
inline constexpr Duration kAnswerWait = std::chrono::minutes(3);

class AdminOffice {
 public:
  // As --data, --dir and --config say. Started by root without a server, this process becomes the owner of the folder
  // first, for ever: what it writes must be readable for the server. Errc::config, denied, and busy when another
  // process owns the store and does not answer.
  static Result<std::unique_ptr<AdminOffice>> open(const Invocation& invocation);
  // On a folder, which must be there. Without a server, `config` says what its mailboxes remember and, if it has been
  // read from a file, what a backup takes with it.
  static Result<std::unique_ptr<AdminOffice>> open(const std::string& data_dir, const Config& config);
  virtual ~AdminOffice() = default;

  // `params`: a JSON object as text. Gives the result, as JSON text. Errors: the method's, and those of the way there
  // (closed, timeout).
  virtual Result<std::string> call(std::string method, std::string params) = 0;
  // Whether a server answers.
  virtual bool served() const = 0;
};

// The answer's line of the control socket, as a result or as the error it tells. Errc::closed for what is no answer.
Result<std::string> read_answer(std::string_view line);
// The error of {"code":…,"text":…}.
Error error_of(const codec::json::Value& told);

}  // namespace chappe::app
