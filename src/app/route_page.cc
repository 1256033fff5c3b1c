// What `chappe route` shows of a route_report().
#include <fmt/format.h>

#include "app/admin_call.h"
#include "app/route_report.h"

namespace chappe::app {
namespace {

using codec::json::Value;

// One line for each host, or what stands in the way.
void add_hosts(const Invocation& i, const Value& end, std::string& out) {
  const Value* hosts = end.find("hosts");
  if (!hosts) return;
  for (const Value& host : hosts->items()) {
    const std::string addresses = list_of(host, "addresses");
    const std::string how = yes(end, "implicit") ? std::string(i.say({"no MX: ", "sans MX : "}))
                                                 : fmt::format("MX {:>3}  ", number_of(host, "preference"));
    out += "    " + how + one_line(text_of(host, "name")) + "  " +
           one_line(addresses.empty() ? text_of(host, "why") : addresses) + "\n";
  }
}

}  // namespace

std::string route_page(const Invocation& i, const Value& answer) {
  std::string out;
  const Value* ends = answer.find("ends");
  if (!ends) return out;
  for (const Value& end : ends->items()) {
    const std::string goes = text_of(end, "goes");
    out += one_line(text_of(end, "address")) + "\n  ";
    if (goes == "mailbox") {
      out += fmt::format(fmt::runtime(i.say({"is filed here, in {}", "est classée ici, dans {}"})),
                         one_line(text_of(end, "mailbox")));
    } else if (goes == "mda") {
      out += fmt::format(
          fmt::runtime(i.say({"is kept by the mda of the site, {}:{}", "est tenue par le mda du site, {}:{}"})),
          one_line(text_of(end, "mda")), number_of(end, "port"));
    } else if (goes == "relay") {
      out += fmt::format(fmt::runtime(i.say({"goes to the relay {}:{}", "va au relais {}:{}"})),
                         one_line(text_of(end, "relay")), number_of(end, "port"));
    } else if (goes == "waits") {
      out += i.say({"waits in the queue: this server sends nothing", "attend dans la file : ce serveur n'envoie rien"});
    } else if (goes == "hosts") {
      out += fmt::format(fmt::runtime(i.say({"goes to the first of these that answers (DNSSEC: {})",
                                             "va à la première de ces machines qui répond (DNSSEC : {})"})),
                         text_of(end, "dnssec"));
    } else {
      out += goes == "later" ? i.say({"is tried again later: ", "est retentée plus tard : "})
                             : i.say({"goes back to its sender: ", "retourne à son expéditeur : "});
      out += fmt::format("{} {} {}", number_of(end, "code"), text_of(end, "status"), one_line(text_of(end, "why")));
    }
    out += "\n";
    add_hosts(i, end, out);
  }
  return out;
}

}  // namespace chappe::app
