#include "trust/authres/methods.h"

namespace chappe::trust::authres {
namespace {

MethodResult made(std::string_view method, std::string_view result, std::string_view reason = {}) {
  MethodResult out;
  out.method = method;
  out.result = result;
  if (!reason.empty()) out.reason = std::string(reason);
  return out;
}

void add(MethodResult& to, std::string_view ptype, std::string_view property, std::string_view value) {
  if (!value.empty()) to.properties.push_back({std::string(ptype), std::string(property), std::string(value)});
}

}  // namespace

MethodResult spf(std::string_view result, std::string_view mail_from, std::string_view helo) {
  MethodResult out = made("spf", result);
  add(out, "smtp", "mailfrom", mail_from);
  add(out, "smtp", "helo", helo);
  return out;
}

MethodResult dkim(std::string_view result, const DkimProperties& properties, std::string_view reason) {
  MethodResult out = made("dkim", result, reason);
  add(out, "header", "d", properties.domain);
  add(out, "header", "s", properties.selector);
  add(out, "header", "i", properties.identity);
  add(out, "header", "a", properties.algorithm);
  add(out, "header", "b", properties.signature);
  return out;
}

MethodResult dmarc(const dmarc::Verdict& verdict) {
  MethodResult out = made("dmarc", dmarc::outcome_name(verdict.result));
  add(out, "header", "from", verdict.author);
  if (verdict.policy && verdict.policy->record.applies())
    add(out, "policy", "dmarc",
        dmarc::policy_name(verdict.result == dmarc::Outcome::fail ? verdict.wanted : verdict.asked));
  return out;
}

MethodResult arc(std::string_view result, std::string_view remote_ip, std::optional<unsigned> oldest_pass) {
  MethodResult out = made("arc", result);
  add(out, "smtp", "remote-ip", remote_ip);
  if (oldest_pass) add(out, "header", "oldest-pass", std::to_string(*oldest_pass));
  return out;
}

MethodResult iprev(std::string_view result, std::string_view ip, std::string_view reason) {
  MethodResult out = made("iprev", result, reason);
  add(out, "policy", "iprev", ip);
  return out;
}

MethodResult auth(std::string_view result, std::string_view user) {
  MethodResult out = made("auth", result);
  add(out, "smtp", "auth", user);
  return out;
}

MethodResult dnswl(std::string_view result, std::string_view zone, std::string_view ip) {
  MethodResult out = made("dnswl", result);
  add(out, "dns", "zone", zone);
  add(out, "policy", "ip", ip);
  return out;
}

}  // namespace chappe::trust::authres
