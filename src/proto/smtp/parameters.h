// ESMTP parameters behind a path (RFC 5321 §4.1.2: Mail-parameters, Rcpt-parameters) and xtext (RFC 3461 §4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chappe::proto::smtp {

struct Parameter {
  std::string_view keyword;  // as written; compare without case
  std::optional<std::string_view> value;
};

// At most so many in one command: more than RFC 5321 and its extensions define.
inline constexpr std::size_t kMaxParameters = 16;

// The parameters in ` KEY=value KEY`: views into `s`, each preceded by blanks. Errc::invalid: bad syntax, one
// keyword twice, or more than kMaxParameters.
Result<std::vector<Parameter>> parse_parameters(std::string_view s);

// xtext: "+" and two upper-case hex digits for what is not printable (RFC 3461 §4).
std::optional<std::string> xtext_decode(std::string_view s);
std::string xtext_encode(std::string_view s);

}  // namespace chappe::proto::smtp
