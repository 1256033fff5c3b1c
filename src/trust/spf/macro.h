// Macros of SPF (RFC 7208 §7): parsed once, with the record; expanded for each letter. Also what becomes of an
// expansion as a name to ask for. Pure; any thread; nothing blocks. Parsing takes time linear in the text; the
// expansion of a domain-spec never holds more than one value and kMaxTarget octets, whatever the record repeats.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "dns/name.h"
#include "trust/ip.h"
#include "trust/spf/syntax.h"

namespace chappe::trust::spf {

inline constexpr std::size_t kMaxTarget = 253;  // octets of a name without its final dot (RFC 7208 §7.3)

struct Macro {
  char letter = 0;      // in lower case
  bool escape = false;  // it was upper case: the value is URL-escaped
  unsigned keep = 0;    // how many parts from the right; 0: all
  bool reverse = false;
  std::string delimiters = ".";  // the value is split at each of them
  bool operator==(const Macro&) const = default;
};

class MacroString {
 public:
  // Where a macro-string stands decides what it may hold (RFC 7208 §7.1, §7.2).
  enum class Kind : std::uint8_t {
    domain_spec,     // ends with a macro, or with a dot and a top label
    macro_string,    // the value of an unknown modifier; may be empty
    explain_string,  // may hold spaces, and the macros c, r and t
  };
  static std::expected<MacroString, SyntaxFault> parse(ByteView text, Kind kind);

  // As it was written.
  const std::string& text() const { return text_; }
  // "%%", "%_" and "%-" are text.
  const std::vector<std::variant<std::string, Macro>>& parts() const { return parts_; }
  // `letter` in lower case.
  bool uses(char letter) const;
  bool literal() const;

 private:
  void add(std::string_view literal);

  std::string text_;
  std::vector<std::variant<std::string, Macro>> parts_;
};

struct MacroValues {
  std::string local;          // the local part of <sender>
  std::string sender_domain;  // its domain, in A-labels (RFC 8616 §4)
  std::string domain;         // <domain>: that which is being evaluated
  std::string helo;
  std::string receiver;  // the host that checks; empty: "unknown"
  Ip ip;
  Time now;
  std::string validated;  // the validated domain name of <ip>; empty: "unknown"
};

// What a macro stands for (RFC 7208 §7.3).
std::string expand(const Macro& macro, const MacroValues& values);
// A text for people, at most `limit` octets of it.
std::string expand_text(const MacroString& string, const MacroValues& values, std::size_t limit);
// A <target-name>: without final dot, and without the labels on the left that are too many for kMaxTarget.
std::string expand_domain(const MacroString& string, const MacroValues& values);

// The name that a <target-name> or <domain> is: labels between dots, of any octets, without escapes and without final
// dot (RFC 7208 §4.8). Nothing if no question can be made of it: empty labels, labels over 63 octets, or over 255 in
// all.
std::optional<dns::Name> query_name(std::string_view target);

}  // namespace chappe::trust::spf
