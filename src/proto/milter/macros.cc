#include "proto/milter/macros.h"

namespace chappe::proto::milter {

void Macros::set(std::string_view name, std::string_view value) {
  if (value.empty()) {
    if (const auto at = values_.find(name); at != values_.end()) values_.erase(at);
    return;
  }
  values_.insert_or_assign(std::string(name), std::string(value));
}

const std::string* Macros::find(std::string_view name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? nullptr : &at->second;
}

MacroLists::MacroLists() {
  // What filters have come to expect of Sendmail and of Postfix, together.
  set(MacroStep::connect,
      "j _ {daemon_name} {daemon_addr} {daemon_port} {if_name} {if_addr} {client_addr} {client_name} {client_port} "
      "{client_ptr} v");
  set(MacroStep::hello, "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}");
  set(MacroStep::mail,
      "i {auth_type} {auth_authen} {auth_author} {auth_ssf} {mail_addr} {mail_host} {mail_mailer} {client_addr} "
      "{client_name}");
  set(MacroStep::rcpt, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}");
  set(MacroStep::data, "i");
  set(MacroStep::end_of_header, "i");
  set(MacroStep::end_of_body, "i");
}

void MacroLists::set(MacroStep step, std::string_view names) {
  constexpr std::string_view kBetween = " ,\t\r\n";
  auto& list = lists_[static_cast<std::size_t>(step)];
  list.clear();
  while (list.size() < kMaxMacros) {
    const auto begin = names.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) return;
    names.remove_prefix(begin);
    const std::string_view name = names.substr(0, names.find_first_of(kBetween));
    names.remove_prefix(name.size());
    if (name.size() <= kMaxMacroName) list.emplace_back(name);
  }
}

}  // namespace chappe::proto::milter
