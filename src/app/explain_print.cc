// An explanation for people.
#include "app/explain_print.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/admin_print.h"
#include "app/route_report.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using dns::Flaw;
using dns::Name;
using dns::Said;
using dns::Trust;
using dns::Walk;
using dns::WalkEnd;
using dns::WalkStep;

constexpr std::size_t kColumns = 110;
constexpr std::size_t kMaxShown = 8;  // records of one answer

// A sentence of a table, with what it speaks of.
template <class... Args>
std::string say(bool french, Text text, const Args&... args) {
  return fmt::format(fmt::runtime(text.in(french)), args...);
}

std::string plain(const Name& name) { return name.is_root() ? "." : one_line(name.domain()); }

std::string place(const Name& zone, bool french) {
  return zone.is_root() ? std::string(Text{"the root", "la racine"}.in(french)) : plain(zone);
}

std::string time_text(Duration took, bool french) {
  std::string out = fmt::format("{:.1f} ms", static_cast<double>(took.count()) / 1000);
  if (french) std::ranges::replace(out, '.', ',');
  return out;
}

// At blanks, so that each line keeps within `columns`.
std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
  std::vector<std::string> out;
  for (const std::string_view word : split(text, ' ')) {
    if (out.empty() || width(out.back()) + 1 + width(word) > columns) {
      out.emplace_back(word);
    } else {
      out.back() += fmt::format(" {}", word);
    }
  }
  return out;
}

std::string record_text(dns::Type type, ByteView rdata) {
  return one_line(fmt::format("{} {}", type_name(type), rdata_to_text(type, rdata)));
}

Text flaw_text(Flaw flaw) {
  switch (flaw) {
    case Flaw::refused:
      return {"It is said to serve {}, but refuses to answer for it: a lame delegation.",
              "Il est censé servir {}, mais refuse de répondre : une délégation boiteuse."};
    case Flaw::not_authoritative:
      return {"It is said to serve {}, but does not speak with authority: a lame delegation. Its word does not count.",
              "Il est censé servir {}, mais ne fait pas autorité : une délégation boiteuse. Sa parole ne compte pas."};
    case Flaw::upward:
      return {"It is said to serve {}, but sends us back up to where we come from: a lame delegation.",
              "Il est censé servir {}, mais nous renvoie plus haut, d'où nous venons : une délégation boiteuse."};
    case Flaw::itself:
      return {"It is said to serve {0}, but says only that the servers of {0} know: a lame delegation.",
              "Il est censé servir {0}, mais dit seulement que les serveurs de {0} savent : une délégation boiteuse."};
    case Flaw::sideways:
      return {"It is said to serve {}, but sends us to where the name is not: a lame delegation.",
              "Il est censé servir {}, mais nous envoie là où le nom n'est pas : une délégation boiteuse."};
    case Flaw::too_deep:
      return {"Its address would take too long a search: it is a server of {}, found by a server, found by a server...",
              "Trouver son adresse demanderait une trop longue recherche : un serveur de {}, trouvé par un serveur, "
              "trouvé par un serveur..."};
    case Flaw::circle:
      return {
          "To learn its address we would have to ask the servers of {}, whose address we are looking for: a circle.",
          "Pour apprendre son adresse il faudrait interroger les serveurs de {}, dont nous cherchons l'adresse : un "
          "cercle."};
    case Flaw::no_address:
    case Flaw::none:
      break;
  }
  return {"No address is found for this server of {}: it cannot be asked.",
          "Aucune adresse ne se trouve pour ce serveur de {} : il ne peut être interrogé."};
}

std::string referral_text(const WalkStep& step, bool french) {
  const dns::Delegation& d = step.reading.delegation;
  const std::string name = plain(step.question.name), cut = plain(d.zone);
  const bool root = step.zone.is_root();
  std::string out =
      name == cut
          ? say(french,
                root ? Text{"The root does not have the records of {0}, but it knows who does: ",
                            "La racine n'a pas les enregistrements de {0}, mais elle sait qui les a : "}
                     : Text{"The servers of {1} do not have the records of {0}, but they know who does: ",
                            "Les serveurs de {1} n'ont pas les enregistrements de {0}, mais ils savent qui les "
                            "a : "},
                name, plain(step.zone))
          : say(french,
                root ? Text{"The root does not know {0}, but it knows who answers for {2}: ",
                            "La racine ne connaît pas {0}, mais elle sait qui répond pour {2} : "}
                     : Text{"The servers of {1} do not know {0}, but they know who answers for {2}: ",
                            "Les serveurs de {1} ne connaissent pas {0}, mais ils savent qui répond pour {2} : "},
                name, plain(step.zone), cut);
  out += d.count == 1 ? say(french, {"one name server, {}.", "un serveur de noms, {}."}, plain(d.servers.front().name))
                      : say(french,
                            {"{} name servers. We ask one after the other, until one answers.",
                             "{} serveurs de noms. Nous les interrogeons l'un après l'autre, jusqu'à une réponse."},
                            d.count);
  if (std::ranges::all_of(d.servers, [](const auto& s) { return s.addresses.empty(); }))
    out += say(french, {" It gives no address for them, so we have to look for that first.",
                        " L'adresse n'y est pas : il faut donc la chercher d'abord."});
  return out;
}

// What a step means, in a sentence.
std::string meaning(const WalkStep& step, bool french) {
  const std::string name = plain(step.question.name), zone = plain(step.zone);
  const std::string type = type_name(step.question.type);
  switch (step.reading.said) {
    case Said::referral:
      return referral_text(step, french);
    case Said::answer:
      return say(french,
                 {"This server has {} itself: here is the answer.", "Ce serveur a {} lui-même : voici la réponse."},
                 zone);
    case Said::alias:
      return say(french,
                 {"{} is another name of {}: that is what we ask for now.",
                  "{} est un autre nom de {} : c'est ce que nous cherchons maintenant."},
                 name, plain(step.reading.answer.canonical));
    case Said::nodata:
      return say(french,
                 {"This server has {1} itself: {0} exists, but has no {2} record.",
                  "Ce serveur a {1} lui-même : {0} existe, mais n'a pas d'enregistrement {2}."},
                 plain(step.reading.answer.canonical), zone, type);
    case Said::nxdomain:
      return say(french,
                 {"This server has {1} itself: there is no name {0} in it.",
                  "Ce serveur a {1} lui-même : le nom {0} n'y existe pas."},
                 plain(step.reading.answer.canonical), zone);
    case Said::lame:
    case Said::homeless:
      return say(french, flaw_text(step.reading.flaw), place(step.zone, french));
    case Said::failed:
      return say(french, {"This server cannot answer now: {}.", "Ce serveur ne peut pas répondre maintenant : {}."},
                 rcode_name(step.rcode));
    case Said::garbled:
      return step.reading.flaw == Flaw::circle
                 ? say(french,
                       {"Its aliases go in a circle: {} is, in the end, itself.",
                        "Ses alias tournent en rond : {} est, au bout du compte, lui-même."},
                       name)
                 : say(french, {"What it sent makes no sense: {}.", "Ce qu'il envoie n'a pas de sens : {}."},
                       one_line(step.why));
    case Said::timeout:
      return say(french, {"It does not answer.", "Il ne répond pas."});
    case Said::unreachable:
      break;
  }
  return say(french, {"It cannot be reached: {}.", "Il est hors d'atteinte : {}."}, one_line(step.why));
}

Text trust_text(Trust trust, bool referral) {
  switch (trust) {
    case Trust::secure:
      return referral ? Text{"DNSSEC: signed; {0} vouches for the key of {1}.",
                             "DNSSEC : signé ; {0} garantit la clé de {1}."}
                      : Text{"DNSSEC: signed, and the signature holds.", "DNSSEC : signé, et la signature tient."};
    case Trust::proven_unsigned:
      return {"DNSSEC: {0} proves that {1} is not signed. From here on nothing can be checked.",
              "DNSSEC : {0} prouve que {1} n'est pas signé. Au-delà, rien ne peut être vérifié."};
    case Trust::insecure:
      return {"DNSSEC: not signed; nobody can tell whether it was changed on its way.",
              "DNSSEC : pas signé ; nul ne peut dire si c'est arrivé inchangé."};
    case Trust::bogus:
      return {"DNSSEC: BOGUS, forged or broken; it must not be used: {2}",
              "DNSSEC : FAUX, falsifié ou abîmé ; à ne pas utiliser : {2}"};
    case Trust::unknown:
      return {"DNSSEC: not known: {2}", "DNSSEC : on ne sait pas : {2}"};
    case Trust::unchecked:
      break;
  }
  return {"", ""};
}

// What stands beside a station: its first line, and those below.
std::vector<std::string> lines_of(const WalkStep& step, bool french) {
  const dns::Reading& reading = step.reading;
  std::string head = say(french, {"{}: ", "{} : "}, place(step.zone, french)) + plain(step.server);
  if (step.at) head += fmt::format(" [{}]", step.at->ip());
  if (step.depth > 0) head += fmt::format("  {} {}?", plain(step.question.name), type_name(step.question.type));
  if (step.at) head += "  " + time_text(step.took, french);
  if (step.octets > 0)
    head += say(french, {", {} octets by {}", ", {} octets par {}"}, step.octets, step.tcp ? "TCP" : "UDP");
  std::vector<std::string> out = {std::move(head)};
  const auto add = [&out](const std::string& text) {
    for (std::string& line : wrapped(text, kColumns)) out.push_back(std::move(line));
  };
  add(meaning(step, french));
  for (const dns::Record& alias : reading.answer.chain)
    add(fmt::format("  {} {}", plain(alias.name), record_text(alias.type, alias.rdata)));
  std::size_t shown = 0;
  for (const Bytes& rdata : reading.answer.records.rdata) {
    if (shown++ == kMaxShown) break;
    add(fmt::format("  {} {}", plain(reading.answer.records.name), record_text(reading.answer.records.type, rdata)));
  }
  if (reading.answer.records.rdata.size() > kMaxShown)
    add(say(french, {"  and {} more", "  et {} autres"}, reading.answer.records.rdata.size() - kMaxShown));
  if (of_use(reading.said))
    add(say(french, {"This may be remembered for {} s.", "Cela peut être retenu pendant {} s."}, reading.answer.ttl));
  if (const Text trust = trust_text(step.trust, reading.said == Said::referral); !trust.en.empty())
    add(say(french, trust, place(step.zone, french), plain(reading.delegation.zone), one_line(step.trust_why)));
  return out;
}

Text end_text(WalkEnd end) {
  switch (end) {
    case WalkEnd::answered:
      break;
    case WalkEnd::nobody:
      return {"Here the walk ends: no name server is of use.",
              "Ici finit la marche : aucun serveur de noms n'est utile."};
    case WalkEnd::steps:
      return {"Here the walk is broken off: it has taken too many questions.",
              "Ici la marche s'interrompt : elle a demandé trop de questions."};
    case WalkEnd::referrals:
      return {"Here the walk is broken off: one referral leads to the next without end.",
              "Ici la marche s'interrompt : les renvois se suivent sans fin."};
    case WalkEnd::aliases:
      return {"Here the walk is broken off: one alias leads to the next without end.",
              "Ici la marche s'interrompt : les alias se suivent sans fin."};
    case WalkEnd::alias_circle:
      return {"Here the walk ends: the aliases go in a circle.", "Ici finit la marche : les alias tournent en rond."};
    case WalkEnd::time:
      return {"Here the walk is broken off: the time is up.", "Ici la marche s'interrompt : le temps est écoulé."};
  }
  return {"", ""};
}

std::string title_of(const Walk& walk, bool french) {
  const std::string name = plain(walk.question.name);
  const Text text = walk.question.type == dns::Type::mx
                        ? Text{"Who takes the mail of {}?  ({})", "Qui prend le courrier de {} ?  ({})"}
                    : walk.question.type == dns::Type::aaaa
                        ? Text{"Where is {}, by IPv6?  ({})", "Où est {}, en IPv6 ?  ({})"}
                        : Text{"Where is {}?  ({})", "Où est {} ?  ({})"};
  return say(french, text, name, walk.question.text()) + "\n";
}

struct PledgeText {
  std::string_view name;
  Text purpose;
};
// In the order of Pledge.
constexpr PledgeText kPledgeTexts[kPledges] = {
    {"SPF",
     {"which hosts may send as this domain (RFC 7208)", "quelles machines peuvent envoyer en son nom (RFC 7208)"}},
    {"DMARC",
     {"what to do with letters that only pretend to come from it (RFC 9989)",
      "que faire des lettres qui prétendent seulement venir de lui (RFC 9989)"}},
    {"MTA-STS",
     {"that letters to it need TLS with a certificate that holds (RFC 8461)",
      "que les lettres pour lui exigent TLS avec un certificat valable (RFC 8461)"}},
    {"TLSA",
     {"which certificate its host shows, vouched for by DNSSEC (DANE, RFC 7672)",
      "quel certificat montre sa machine, garanti par DNSSEC (DANE, RFC 7672)"}},
};

Text pledge_outcome(const PledgeFound& found) {
  if (!found.texts.empty()) return {"", ""};
  if (found.answer || found.answer.absent()) return {"none", "aucun"};
  return {"not known: the DNS gives no answer", "on ne sait pas : le DNS ne répond pas"};
}

std::string pledges_text(const Explanation& e, bool french) {
  if (e.pledges.empty()) return "";
  std::string out = say(
      french, {"\nWhat {} publishes for those who want to be sure\n", "\nCe que {} publie pour qui veut être sûr\n"},
      one_line(e.domain));
  for (const PledgeFound& found : e.pledges) {
    const PledgeText& text = kPledgeTexts[static_cast<std::size_t>(found.what)];
    out += fmt::format("  {:<8} {}\n", text.name, text.purpose.in(french));
    const Text outcome = pledge_outcome(found);
    if (!outcome.en.empty()) out += fmt::format("           {}\n", outcome.in(french));
    for (const std::string& record : found.texts) out += fmt::format("           {}\n", one_line(record));
  }
  return out;
}

std::string contact_text(const Explanation& e, bool french) {
  if (!e.contact) return "";
  const Contact& c = *e.contact;
  std::string out = say(french, {"\nWhat {} says on port 25\n", "\nCe que dit {} au port 25\n"}, one_line(c.host));
  if (!c.error.empty()) return out + "  " + one_line(c.error) + "\n";
  Facts facts;
  facts.add(say(french, {"  address", "  adresse"}), fmt::format("{}, {}", c.at, time_text(c.took, french)));
  facts.add(say(french, {"  greeting", "  accueil"}), c.greeting);
  facts.add(say(french, {"  offers", "  propose"}),
            c.features.size() < 2 ? "" : fmt::format("{}", fmt::join(c.features.begin() + 1, c.features.end(), ", ")));
  facts.add("  TLS", c.tls == "none" ? say(french, {"none", "aucun"}) : c.tls);
  if (c.certificate) {
    const crypto::CertificateFacts& cert = *c.certificate;
    facts.add(say(french, {"  certificate", "  certificat"}), fmt::format("{}", fmt::join(cert.dns_names, ", ")));
    facts.add("", cert.covers(c.host) ? say(french, {"names this host", "nomme cette machine"})
                                      : say(french, {"does not name this host", "ne nomme pas cette machine"}));
    facts.add(say(french, {"  issued by", "  émis par"}),
              cert.self_signed ? say(french, {"itself", "lui-même"}) : cert.issuer);
    facts.add(say(french, {"  until", "  jusqu'au"}), time_for_people(to_rfc3339(cert.not_after)));
  }
  return out + facts.text();
}

std::string reverse_text(const Explanation& e, bool french) {
  if (!e.reverse) return "";
  std::string names;
  for (const dns::Ptr& ptr : e.reverse->records.as<dns::Ptr>())
    names += (names.empty() ? "" : ", ") + plain(ptr.target);
  return names.empty()
             ? say(french, {"  {} has no name of its own (no PTR)\n", "  {} n'a pas de nom à elle (pas de PTR)\n"},
                   e.first_ip)
             : say(french, {"  {} is called {} (PTR)\n", "  {} s'appelle {} (PTR)\n"}, e.first_ip, names);
}

}  // namespace

std::string walk_text(const Walk& walk, bool french) {
  std::string out = title_of(walk, french);
  const Text end = end_text(walk.end);
  for (std::size_t i = 0; i < walk.steps.size(); ++i) {
    const WalkStep& step = walk.steps[i];
    const bool last = i + 1 == walk.steps.size() && end.en.empty();
    std::string indent = "  ";
    for (std::size_t d = 0; d < step.depth; ++d) indent += "│   ";
    bool first = true;
    for (const std::string& line : lines_of(step, french)) {
      out += indent + (first ? (last ? "└ " : "├ ") : last ? "    " : "│   ") + line + "\n";
      first = false;
    }
  }
  if (!end.en.empty()) out += fmt::format("  └ {}\n", end.in(french));
  return out;
}

std::string explanation_text(const Invocation& invocation, const Explanation& e) {
  const bool french = invocation.french();
  std::string out =
      say(french, {"How a letter to {} finds its way\n", "Comment une lettre pour {} trouve son chemin\n"},
          one_line(e.address));
  if (e.walks.empty()) {
    out += say(french, {"There is no walk: name servers are not asked for this.\n",
                        "Il n'y a pas de marche : aucun serveur de noms n'est interrogé pour cela.\n"});
  } else {
    out +=
        e.roots.empty()
            ? say(french, {"The walk begins at the root of the Internet", "La marche commence à la racine d'Internet"})
            : say(french, {"The walk begins at the root that {} names", "La marche commence à la racine que nomme {}"},
                  one_line(e.roots));
    out += e.validating ? say(french, {"; signatures are checked.\n", " ; les signatures sont vérifiées.\n"})
                        : say(french, {"; signatures are not checked, for there is no trust anchor.\n",
                                       " ; les signatures ne sont pas vérifiées, faute d'ancre de confiance.\n"});
  }
  for (const Walk& walk : e.walks) out += "\n" + walk_text(walk, french);
  out += say(french, {"\nSo a letter\n", "\nDonc une lettre\n"});
  out += route_page(invocation, e.route) + reverse_text(e, french);
  return out + pledges_text(e, french) + contact_text(e, french);
}

}  // namespace chappe::app
