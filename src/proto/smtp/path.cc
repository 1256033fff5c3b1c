#include "proto/smtp/path.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::proto::smtp {
namespace {

// RFC 5321 §4.1.2 takes atext from RFC 5322 §3.2.3; RFC 6531 §3.3 adds UTF-8.
bool is_atext(char c) { return is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c); }
bool is_label_char(char c) { return is_alnum(c) || c == '-' || c == '_' || is_8bit(c); }

bool valid_ip(int family, std::string_view s) {
  std::array<unsigned char, 16> address{};
  // A NUL would end what inet_pton sees.
  return s.size() < INET6_ADDRSTRLEN && !s.contains('\0') &&
         inet_pton(family, std::string(s).c_str(), address.data()) == 1;
}

std::unexpected<Error> bad(const char* what) { return fail(Errc::invalid, "{}", what); }

// Local-part "@" ( Domain / address-literal ) up to the end of the mailbox, which is `stop` or the end of input.
class MailboxReader {
 public:
  explicit MailboxReader(std::string_view s) : s_(s) {}

  Result<> read(Path& path) {
    TRY(local(path));
    if (at_ >= s_.size() || s_[at_] != '@') return bad("an address needs a domain");
    ++at_;
    return domain(path);
  }
  Result<> local(Path& path) {
    if (at_ < s_.size() && s_[at_] == '"') {
      TRY(quoted(path.local));
    } else {
      const std::size_t from = at_;
      while (at_ < s_.size() && (is_atext(s_[at_]) || s_[at_] == '.')) ++at_;
      if (at_ == from) return bad("the local part is empty");
      path.local = s_.substr(from, at_ - from);
    }
    if (path.local.size() > kMaxLocalPart) return bad("the local part is too long");  // RFC 5321 §4.5.3.1.1
    if (!codec::utf8_valid(path.local)) return bad("the local part is not UTF-8");
    path.utf8 |= std::ranges::any_of(path.local, is_8bit);
    return {};
  }
  std::size_t at() const { return at_; }
  void skip(std::size_t n) { at_ += n; }

 private:
  // Quoted-string = DQUOTE *QcontentSMTP DQUOTE, RFC 5321 §4.1.2
  Result<> quoted(std::string& out) {
    for (++at_; at_ < s_.size(); ++at_) {
      char c = s_[at_];
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c == '\\') {
        if (++at_ == s_.size()) break;
        c = s_[at_];
        if (is_8bit(c)) return bad("a backslash quotes ASCII only");
      }
      if (is_ctl(c)) return bad("a control character in a quoted local part");
      out += c;
    }
    return bad("a quote is not closed");
  }
  Result<> domain(Path& path) {
    const std::size_t from = at_;
    if (at_ < s_.size() && s_[at_] == '[') {
      const std::size_t close = s_.find(']', at_);
      if (close == std::string_view::npos) return bad("an address literal is not closed");
      at_ = close + 1;
      const std::string_view literal = s_.substr(from, at_ - from);
      if (!valid_address_literal(literal)) return bad("an address literal is not well formed");
      path.domain = literal.substr(1, literal.size() - 2);
      path.literal = true;
      return {};
    }
    while (at_ < s_.size() && (is_label_char(s_[at_]) || s_[at_] == '.')) ++at_;
    path.domain = s_.substr(from, at_ - from);
    if (!valid_domain(path.domain)) return bad("the domain is not well formed");
    path.utf8 |= std::ranges::any_of(path.domain, is_8bit);
    return {};
  }

  std::string_view s_;
  std::size_t at_ = 0;
};

// A-d-l ":" with A-d-l = At-domain *( "," At-domain ). "MUST BE accepted, SHOULD NOT be generated, and SHOULD be
// ignored": RFC 5321 §4.1.1.3, appendix C. Gives its length, 0 when there is none.
Result<std::size_t> source_route_length(std::string_view s) {
  if (!s.starts_with('@')) return std::size_t{0};
  std::size_t at = 0;
  while (at < s.size() && s[at] == '@') {
    const std::size_t from = ++at;
    while (at < s.size() && (is_label_char(s[at]) || s[at] == '.')) ++at;
    if (!valid_domain(s.substr(from, at - from))) return bad("a source route is not well formed");
    if (at < s.size() && s[at] == ':') return at + 1;
    if (at >= s.size() || s[at] != ',') break;
    ++at;
  }
  return bad("a source route is not well formed");
}

Result<PathAndRest> parse_path(std::string_view s, bool forward) {
  if (!s.starts_with('<')) return bad("a path stands in angle brackets");
  const std::string_view inner = s.substr(1);
  PathAndRest out;
  MailboxReader reader(inner);
  if (inner.starts_with('>')) {
    if (forward) return bad("a recipient cannot be empty");
  } else if (forward && istarts_with(inner, "postmaster>")) {
    out.path.local = inner.substr(0, 10);
    reader.skip(10);
  } else {
    const std::size_t route = TRY(source_route_length(inner));
    MailboxReader mailbox(inner.substr(route));
    TRY(mailbox.read(out.path));
    reader.skip(route + mailbox.at());
  }
  const std::size_t end = reader.at();
  if (end >= inner.size() || inner[end] != '>') return bad("a path must end in an angle bracket");
  out.path.raw = inner.substr(0, end);
  out.rest = inner.substr(end + 1);
  return out;
}

}  // namespace

std::string Path::address() const {
  if (local.empty() && domain.empty()) return {};
  std::string out;
  bool quote = local.empty();
  for (const char c : local) quote |= !is_atext(c) && c != '.';
  if (quote) out += '"';
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  if (quote) out += '"';
  if (domain.empty()) return out;
  out += '@';
  if (literal) out += '[';
  out += domain;
  if (literal) out += ']';
  return out;
}

Result<PathAndRest> parse_reverse_path(std::string_view s) { return parse_path(s, false); }
Result<PathAndRest> parse_forward_path(std::string_view s) { return parse_path(s, true); }

Result<Path> parse_mailbox(std::string_view s) {
  Path path;
  MailboxReader reader(s);
  TRY(reader.read(path));
  if (reader.at() != s.size()) return bad("something follows the address");
  path.raw = s;
  return path;
}

bool valid_domain(std::string_view s) {
  if (s.empty() || s.size() > kMaxDomain || !codec::utf8_valid(s)) return false;
  for (const std::string_view label : split(s, '.')) {
    // RFC 1035 §2.3.4: 63 octets; a U-label is counted as written, its A-label is for the resolver to judge.
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, is_label_char)) return false;
  }
  return true;
}

bool valid_address_literal(std::string_view s) {
  if (s.size() < 3 || s.front() != '[' || s.back() != ']' || s.size() > kMaxDomain) return false;
  const std::string_view inner = s.substr(1, s.size() - 2);
  if (valid_ip(AF_INET, inner)) return true;
  if (istarts_with(inner, "IPv6:")) return valid_ip(AF_INET6, inner.substr(5));  // RFC 5321 §4.1.3
  // General-address-literal = Standardized-tag ":" 1*dcontent: no tag but IPv6 was ever registered.
  return false;
}

}  // namespace chappe::proto::smtp
