#include "app/dns_print.h"

#include <array>

#include "app/cli.h"

namespace chappe::app {
namespace {

using codec::json::Writer;

// In the order of dns::Outcome and dns::Security.
constexpr std::array<Text, 6> kOutcomes = {{
    {"there are records", "il y a des enregistrements"},
    {"the name exists, but has no such records", "le nom existe, mais sans enregistrement de ce type"},
    {"the name does not exist", "le nom n'existe pas"},
    {"its name servers give no usable answer", "ses serveurs de noms ne donnent pas de réponse utilisable"},
    {"its name servers did not answer in time", "ses serveurs de noms n'ont pas répondu à temps"},
    {"the answer fails DNSSEC validation", "la réponse échoue à la validation DNSSEC"},
}};
constexpr std::array<Text, 3> kSecurity = {{
    {"secure: signed, up to the trust anchor", "sûr : signé, jusqu'à l'ancre de confiance"},
    {"insecure: not signed", "non sûr : pas signé"},
    {"nobody looked at signatures", "personne n'a vérifié de signature"},
}};

std::string line_of(const dns::Record& r) {
  return fmt::format("{} {} {} {}\n", r.name.text(), r.ttl, type_name(r.type), rdata_to_text(r.type, r.rdata));
}

void write_records(Writer& out, std::string_view key, const std::vector<dns::Record>& records) {
  out.key(key).begin_array();
  for (const dns::Record& r : records) write_record(out, r);
  out.end_array();
}

std::vector<dns::Record> records_of(const dns::RRset& set) {
  std::vector<dns::Record> out;
  dns::append_set(out, set, set.name);
  return out;
}

}  // namespace

std::string answer_text(const dns::Answer& answer, bool french) {
  std::string out =
      fmt::format(";; {}: {}", answer.question.text(), kOutcomes[static_cast<std::size_t>(answer.outcome)].in(french));
  if (!answer.why.empty()) out += fmt::format(" ({})", answer.why);
  out += '\n';
  if (answer || answer.absent())
    out += fmt::format(";; {}\n", kSecurity[static_cast<std::size_t>(answer.security)].in(french));
  for (const dns::Record& alias : answer.chain) out += line_of(alias);
  for (const dns::Record& r : records_of(answer.records)) out += line_of(r);
  return out;
}

void write_record(Writer& out, const dns::Record& record) {
  out.begin_object();
  out.field("name", record.name.text());
  out.field("ttl", record.ttl);
  out.field("type", type_name(record.type));
  out.field("data", rdata_to_text(record.type, record.rdata));
  out.end_object();
}

void write_answer(Writer& out, const dns::Answer& answer) {
  out.begin_object();
  out.field("question", answer.question.text());
  out.field("outcome", outcome_row(answer.outcome).name);
  out.field("security", security_name(answer.security));
  out.field("ttl", answer.ttl);
  out.field("canonical", answer.canonical.text());
  write_records(out, "chain", answer.chain);
  write_records(out, "records", records_of(answer.records));
  if (!answer.why.empty()) out.field("why", answer.why);
  out.end_object();
}

void write_exchanged(Writer& out, const net::Endpoint& server, const dns::Exchanged& exchanged) {
  const dns::Message& m = exchanged.message;
  out.begin_object();
  out.field("server", server.describe());
  out.field("tcp", exchanged.tcp);
  out.field("octets", exchanged.octets);
  out.field("rcode", rcode_name(m.header.rcode));
  out.field("authoritative", m.header.authoritative);
  out.field("truncated", m.header.truncated);
  write_records(out, "answer", m.answer);
  write_records(out, "authority", m.authority);
  write_records(out, "additional", m.additional);
  out.end_object();
}

}  // namespace chappe::app
