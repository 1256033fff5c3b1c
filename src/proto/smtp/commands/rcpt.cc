// RCPT TO: RFC 5321 §4.1.1.3; NOTIFY and ORCPT RFC 3461 §4.1, §4.2; XFOLDER is ours (options.h).
#include "base/text.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/parameters.h"

namespace chappe::proto::smtp {
namespace {

constexpr std::size_t kMaxFolder = 500;  // octets of a name in XFOLDER

bool take_notify(std::string_view value, Rcpt& rcpt) {
  // NEVER alone, or a list of the three others.
  bool never = false;
  std::size_t words = 0;
  for (const std::string_view word : split(value, ',')) {
    ++words;
    never |= iequals(word, "NEVER");
    if (!never && !iequals(word, "SUCCESS") && !iequals(word, "FAILURE") && !iequals(word, "DELAY")) return false;
  }
  rcpt.notify = to_upper(value);
  return !never || words == 1;
}

// `utf8`: in a transaction with SMTPUTF8, utf-8 addresses may stand as they are (RFC 6533 §3).
bool take_orcpt(std::string_view value, bool utf8, Rcpt& rcpt) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos || value.size() > 500) return false;
  for (const char c : value.substr(0, semicolon))
    if (!is_alnum(c) && c != '-') return false;
  std::string address(value.substr(semicolon + 1));
  if (utf8 && iequals(value.substr(0, semicolon), "utf-8")) std::erase_if(address, is_8bit);
  if (!xtext_decode(address)) return false;
  rcpt.orcpt = value;
  return true;
}

bool take_folder(std::string_view value, Rcpt& rcpt) {
  rcpt.folder = xtext_decode(value);
  return rcpt.folder && !rcpt.folder->empty() && rcpt.folder->size() <= kMaxFolder;
}

}  // namespace

Checked check_rcpt(const Session& session, std::string_view argument) {
  if (!session.in_mail) return std::unexpected(Rule::mail_first);
  if (session.chunked || session.chunk_failed) return std::unexpected(Rule::chunk_open);
  if (!istarts_with(argument, "TO:")) return std::unexpected(Rule::rcpt_syntax);
  auto path = parse_forward_path(trim(argument.substr(3), " "));
  if (!path) return std::unexpected(Rule::rcpt_path);
  const auto parameters = parse_parameters(path->rest);
  if (!parameters) return std::unexpected(Rule::parameter_syntax);
  Rcpt rcpt;
  rcpt.path = std::move(path->path);
  for (const Parameter& p : *parameters) {
    const bool notify = iequals(p.keyword, "NOTIFY"), orcpt = iequals(p.keyword, "ORCPT");
    const bool folder = iequals(p.keyword, "XFOLDER") && session.options.folders;
    if (!folder && (!session.options.dsn || (!notify && !orcpt))) return std::unexpected(Rule::parameter_unknown);
    if (!p.value || !(folder   ? take_folder(*p.value, rcpt)
                      : notify ? take_notify(*p.value, rcpt)
                               : take_orcpt(*p.value, session.smtputf8, rcpt)))
      return std::unexpected(Rule::parameter_syntax);
  }
  if (rcpt.path.utf8 && !session.smtputf8) return std::unexpected(Rule::utf8_address);  // RFC 6531 §3.4
  if (session.recipients >= session.options.limits.recipients) return std::unexpected(Rule::rcpt_too_many);
  return rcpt;
}

}  // namespace chappe::proto::smtp
