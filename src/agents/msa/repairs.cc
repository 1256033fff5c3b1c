#include "agents/msa/repairs.h"

#include "agents/door/trace.h"

namespace chappe::agents {

std::string Repairs::list() const {
  std::string out;
  for (const auto rule : rules) {
    if (!out.empty()) out += ", ";
    out += rule;
  }
  return out;
}

Repairs repairs_of(const message::Letter& header, const RepairFacts& facts) {
  using message::FieldName;
  Repairs out;
  const auto add = [&](std::string_view rule, const std::string& field) {
    out.rules.push_back(rule);
    out.fields += field;
  };
  if (facts.bare_lf) out.rules.emplace_back("letter.bare-lf");
  if (!header.find(FieldName::date)) add("header.date-added", "Date: " + mail_date(facts.now) + "\r\n");
  if (!header.find(FieldName::message_id))
    add("header.message-id-added", fmt::format("Message-ID: <{}@{}>\r\n", facts.unique, facts.hostname));
  if (!header.find(FieldName::from)) {
    add("header.from-added", fmt::format("From: <{}>\r\n", facts.account));
  } else if (facts.wants_sender && !header.find(FieldName::sender)) {
    add("header.sender-added", fmt::format("Sender: <{}>\r\n", facts.account));
  }
  return out;
}

}  // namespace chappe::agents
