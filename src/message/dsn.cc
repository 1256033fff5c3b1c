#include "message/dsn.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "message/builder.h"
#include "message/date.h"

namespace chappe::message {
namespace {

struct ActionRow {
  const char* name;  // RFC 3464 §2.3.3
  const char* subject;
  const char* english;
  const char* french;
};

const ActionRow& row_of(DsnAction action) {
  static constexpr ActionRow kFailed = {
      "failed", "Your letter could not be delivered / Votre lettre n'a pas pu être remise",
      "Your letter could not be delivered to the addresses below, and will not be tried again.",
      "Votre lettre n'a pas pu être remise aux adresses ci-dessous ; aucun autre essai n'aura lieu."};
  static constexpr ActionRow kDelayed = {
      "delayed", "Your letter is delayed / Votre lettre est retardée",
      "Your letter has not reached the addresses below yet. It is tried again; you need do nothing.",
      "Votre lettre n'a pas encore atteint les adresses ci-dessous. Les essais continuent ; vous n'avez rien à faire."};
  static constexpr ActionRow kDelivered = {"delivered", "Your letter was delivered / Votre lettre a été remise",
                                           "Your letter was delivered to the addresses below.",
                                           "Votre lettre a été remise aux adresses ci-dessous."};
  static constexpr ActionRow kRelayed = {
      "relayed", "Your letter was passed on / Votre lettre a été transmise",
      "Your letter was passed on to a server that sends no notifications of its own, for the addresses below.",
      "Votre lettre a été transmise, pour les adresses ci-dessous, à un serveur qui n'envoie pas d'avis lui-même."};
  static constexpr ActionRow kExpanded = {
      "expanded", "Your letter was passed on to a list / Votre lettre a été transmise à une liste",
      "Each address below stands for several others, and your letter goes on to all of them. No more is told of "
      "success.",
      "Chaque adresse ci-dessous en représente plusieurs autres, auxquelles votre lettre est transmise. Aucun autre "
      "avis "
      "de succès ne suivra."};
  switch (action) {
    case DsnAction::failed:
      return kFailed;
    case DsnAction::delayed:
      return kDelayed;
    case DsnAction::delivered:
      return kDelivered;
    case DsnAction::relayed:
      return kRelayed;
    case DsnAction::expanded:
      return kExpanded;
  }
  return kFailed;
}

// What an RFC 3464 field may hold: one line of printable ASCII, or UTF-8 in the global forms.
std::string one_line(std::string_view text, bool global) {
  std::string out;
  for (const char c : text.substr(0, 900)) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) {
      out += ' ';
    } else if (u >= 0x80 && !global) {
      out += '?';
    } else {
      out += c;
    }
  }
  return out;
}

bool beyond_ascii(std::string_view text) { return std::ranges::any_of(text, is_8bit); }

std::string explanation(const Dsn& dsn, const ActionRow& row) {
  std::string out = row.english;
  if (dsn.gives_up)
    out += fmt::format(" It is returned to you if it has not got through by {}.", to_rfc3339(*dsn.gives_up));
  out += "\n";
  out += row.french;
  if (dsn.gives_up)
    out += fmt::format(" Elle vous sera rendue si elle n'est pas arrivée le {}.", to_rfc3339(*dsn.gives_up));
  out += "\n";
  for (const DsnRecipient& r : dsn.recipients) {
    out += fmt::format("\n  <{}>\n", r.address);
    if (r.words.empty()) continue;
    out += r.remote.empty() ? "    " : fmt::format("    {}: ", r.remote);
    out += fmt::format("{}\n", one_line(r.words, true));
  }
  out += fmt::format("\nLetter / lettre : {}\nServer / serveur : {}\n", dsn.letter, dsn.hostname);
  return out;
}

// RFC 3464 §2.2 and §2.3; RFC 6533 §3 for what is not ASCII.
std::string status_fields(const Dsn& dsn, const ActionRow& row, bool global) {
  std::string out = fmt::format("Reporting-MTA: dns; {}\n", dsn.hostname);
  if (!dsn.envid.empty()) out += fmt::format("Original-Envelope-Id: {}\n", one_line(dsn.envid, global));
  out += fmt::format("Arrival-Date: {}\n", format_date(dsn.arrived));
  for (const DsnRecipient& r : dsn.recipients) {
    out += "\n";
    if (!r.original.empty()) out += fmt::format("Original-Recipient: {}\n", one_line(r.original, global));
    out += fmt::format("Final-Recipient: {}; {}\n", beyond_ascii(r.address) ? "utf-8" : "rfc822",
                       one_line(r.address, global));
    out += fmt::format("Action: {}\nStatus: {}\n", row.name, r.status);
    if (!r.remote.empty()) {
      out += fmt::format("Remote-MTA: dns; {}\n", one_line(r.remote, global));
    }
    // RFC 3464 §2.3.6: "smtp" is for a reply; anything else are words of ours.
    const bool reply = r.words.size() >= 3 && is_digit(r.words[0]) && is_digit(r.words[1]) && is_digit(r.words[2]);
    if (!r.words.empty())
      out += fmt::format("Diagnostic-Code: {}; {}\n", reply && !r.remote.empty() ? "smtp" : "X-Chappe",
                         one_line(r.words, global));
    if (r.last_attempt) out += fmt::format("Last-Attempt-Date: {}\n", format_date(*r.last_attempt));
    if (dsn.gives_up) out += fmt::format("Will-Retry-Until: {}\n", format_date(*dsn.gives_up));
  }
  return out;
}

}  // namespace

Bytes build_dsn(const Dsn& dsn, Random& random) {
  const ActionRow& row = row_of(dsn.action);
  const bool global =
      std::ranges::any_of(dsn.recipients, [](const DsnRecipient& r) { return beyond_ascii(r.address); }) ||
      beyond_ascii(dsn.original);
  HeaderBlock header;
  header.date("Date", dsn.now);
  const Address daemon[] = {mailbox("Mail Delivery System", "MAILER-DAEMON", dsn.hostname)};
  header.addresses("From", daemon);
  header.structured("To", fmt::format("<{}>", dsn.to));
  header.text("Subject", row.subject);
  const std::string ids[] = {dsn.id};
  header.ids("Message-ID", ids);
  // RFC 3834 §5: no machine is to answer this.
  header.structured("Auto-Submitted", "auto-replied");

  std::vector<Entity> parts;
  parts.push_back(Entity::text(explanation(dsn, row)));
  const std::string status = status_fields(dsn, row, global);
  parts.push_back(global ? Entity::data("message/global-delivery-status", status)
                         : Entity::lines("message/delivery-status", status));
  if (dsn.whole) {
    parts.push_back(global ? Entity::data("message/global", dsn.original) : Entity::message(dsn.original));
  } else {
    parts.push_back(global ? Entity::data("message/global-headers", dsn.original)
                           : Entity::lines("text/rfc822-headers", dsn.original));
  }
  return build_letter(header, Entity::multipart("report", std::move(parts), {{"report-type", "delivery-status"}}),
                      random);
}

}  // namespace chappe::message
