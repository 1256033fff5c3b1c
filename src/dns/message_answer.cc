// What a message means to those who asked, and how it is shown.
#include <algorithm>
#include <array>
#include <map>

#include "dns/message.h"

namespace chappe::dns {
namespace {

struct RcodeName {
  Rcode code;
  std::string_view name;
};
constexpr std::array kRcodes = {
    RcodeName{Rcode::noerror, "NOERROR"},   RcodeName{Rcode::formerr, "FORMERR"},
    RcodeName{Rcode::servfail, "SERVFAIL"}, RcodeName{Rcode::nxdomain, "NXDOMAIN"},
    RcodeName{Rcode::notimp, "NOTIMP"},     RcodeName{Rcode::refused, "REFUSED"},
    RcodeName{Rcode::yxdomain, "YXDOMAIN"}, RcodeName{Rcode::notauth, "NOTAUTH"},
    RcodeName{Rcode::badvers, "BADVERS"},
};

// RFC 2308 §5: as long as the SOA that came with it says.
std::uint32_t negative_ttl(const Message& message) {
  for (const Record& r : message.authority)
    if (r.type == Type::soa) return std::min(r.ttl, Soa::of(r.rdata).minimum);
  return 0;
}

// The aliases of the answer section by their names; of several of one name, the first.
std::map<Name, const Record*> aliases_of(const Message& message) {
  std::map<Name, const Record*> out;
  for (const Record& r : message.answer)
    if (r.type == Type::cname) out.try_emplace(r.name, &r);
  return out;
}

void append_section(std::string& out, std::string_view title, const std::vector<Record>& records) {
  if (records.empty()) return;
  out += fmt::format(";; {}\n", title);
  for (const Record& r : records)
    out += fmt::format("{} {} IN {} {}\n", r.name.text(), r.ttl, type_name(r.type), rdata_to_text(r.type, r.rdata));
}

}  // namespace

std::string rcode_name(Rcode rcode) {
  const auto at = std::ranges::find(kRcodes, rcode, &RcodeName::code);
  return at == kRcodes.end() ? fmt::format("RCODE{}", static_cast<unsigned>(rcode)) : std::string(at->name);
}

Answer answer_of(const Message& message, const Question& question) {
  Answer out = without_records(question, Outcome::servfail);
  const Rcode rcode = message.header.rcode;
  if (rcode != Rcode::noerror && rcode != Rcode::nxdomain) {
    out.why = "the name server says " + rcode_name(rcode);
    return out;
  }
  out.ttl = ~std::uint32_t{0};
  if (question.type != Type::cname) {
    const auto aliases = aliases_of(message);
    for (auto at = aliases.find(out.canonical); at != aliases.end(); at = aliases.find(out.canonical)) {
      const Record* alias = at->second;
      if (out.chain.size() == aliases.size()) {
        out.why = "the aliases go in a circle";
        out.ttl = 0;
        return out;
      }
      out.chain.push_back(*alias);
      out.ttl = std::min(out.ttl, alias->ttl);
      out.canonical = Cname::of(alias->rdata).target;
    }
  }
  std::vector<Record> wanted;
  for (const Record& r : message.answer)
    if (r.type == question.type && r.name == out.canonical) wanted.push_back(r);
  if (!wanted.empty()) {
    // Signatures of several types are one set here: they are not looked at one by one.
    out.records = sets_of(wanted).front();
    out.outcome = Outcome::answer;
    out.ttl = std::min(out.ttl, out.records.ttl);
    return out;
  }
  out.outcome = rcode == Rcode::nxdomain ? Outcome::nxdomain : Outcome::nodata;
  out.ttl = std::min(out.ttl, negative_ttl(message));
  return out;
}

std::string message_text(const Message& message) {
  const Header& h = message.header;
  std::string out = fmt::format(";; {}, id {}, flags:", rcode_name(h.rcode), h.id);
  const std::pair<bool, std::string_view> flags[] = {
      {h.response, " qr"},          {h.authoritative, " aa"},       {h.truncated, " tc"},
      {h.recursion_desired, " rd"}, {h.recursion_available, " ra"}, {h.authentic, " ad"},
      {h.checking_disabled, " cd"}};
  for (const auto& [set, name] : flags)
    if (set) out += name;
  if (message.edns)
    out += fmt::format("; EDNS {}, UDP {}{}", message.edns->version, message.edns->udp_size,
                       message.edns->dnssec_ok ? ", DO" : "");
  out += '\n';
  if (message.question) out += fmt::format(";; {}\n", message.question->text());
  append_section(out, "ANSWER", message.answer);
  append_section(out, "AUTHORITY", message.authority);
  append_section(out, "ADDITIONAL", message.additional);
  return out;
}

}  // namespace chappe::dns
