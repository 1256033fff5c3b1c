#include "app/trust/old_way.h"

#include <fmt/format.h>

#include "app/admin_print.h"
#include "app/cli.h"

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;

void take(const dmarc::Walk& walk, OldWay* out) {
  out->choice = walk.choice;
  if (walk.organization) out->by_walk = walk.organization->domain();
}

}  // namespace

bool OldWay::differs() const {
  const bool record = choice != dmarc::Choice::itself && choice != dmarc::Choice::unknown;
  return record && organization != by_walk;
}

net::Task<OldWay> old_way(dns::Resolver& resolver, const dmarc::Verdict& verdict, const dmarc::SuffixList& list,
                          net::Deadline deadline) {
  OldWay out{.domain = verdict.author,
             .list = list.source(),
             .organization = list.organization(verdict.author),
             .by_walk = {}};
  if (verdict.author_walk) {
    take(verdict.discovery.walks.at(*verdict.author_walk), &out);
    co_return out;
  }
  auto name = dns::Name::parse(verdict.author);
  if (!name) co_return out;
  dmarc::Discoverer discoverer(resolver, deadline);
  const std::size_t walk = co_await discoverer.walk(std::move(*name));
  take(discoverer.discovery().walks.at(walk), &out);
  co_return out;
}

std::string old_way_text(const OldWay& way, bool french) {
  if (!way.differs()) return {};
  const auto say = [&](Text text) {
    return fmt::format(fmt::runtime(text.in(french)), one_line(way.domain), one_line(way.by_walk),
                       one_line(way.organization), way.list);
  };
  if (way.organization.empty())
    return say(
        {"{0} belongs to the organization {1} by the tree walk (RFC 9989 §4.10.2), but is a public suffix by the "
         "Public Suffix List ({3}), below which strangers register names: receivers that still go by RFC 7489 "
         "count no other name as its own.",
         "{0} relève de l'organisation {1} par la remontée de l'arbre (RFC 9989 §4.10.2), mais est un suffixe "
         "public selon la Public Suffix List ({3}), sous lequel des inconnus enregistrent des noms : les "
         "destinataires qui suivent encore la RFC 7489 ne tiennent aucun autre nom pour sien."});
  if (way.organization.size() > way.by_walk.size())
    return say(
        {"{0} belongs to the organization {1} by the tree walk (RFC 9989 §4.10.2), but to {2} by the Public Suffix "
         "List ({3}): receivers that still go by RFC 7489 do not look at _dmarc.{1}, and count no name outside "
         "{2} as its own.",
         "{0} relève de l'organisation {1} par la remontée de l'arbre (RFC 9989 §4.10.2), mais de {2} selon la "
         "Public Suffix List ({3}) : les destinataires qui suivent encore la RFC 7489 ne regardent pas "
         "_dmarc.{1}, et ne tiennent pour sien aucun nom hors de {2}."});
  return say(
      {"{0} belongs to the organization {1} by the tree walk (RFC 9989 §4.10.2), but to {2} by the Public Suffix "
       "List ({3}): receivers that still go by RFC 7489 look at _dmarc.{2} where {0} has no record, and take "
       "proofs of names below {2} for its own.",
       "{0} relève de l'organisation {1} par la remontée de l'arbre (RFC 9989 §4.10.2), mais de {2} selon la "
       "Public Suffix List ({3}) : les destinataires qui suivent encore la RFC 7489 regardent _dmarc.{2} là où "
       "{0} n'a pas d'enregistrement, et tiennent pour siennes les preuves de noms sous {2}."});
}

void write_old_way(codec::json::Writer& w, const OldWay& way) {
  w.begin_object().field("list", way.list).field("organization", way.organization);
  w.field("tree_walk", way.by_walk).field("choice", choice_name(way.choice)).field("differs", way.differs());
  if (way.differs()) w.field("text", old_way_text(way, false));
  w.end_object();
}

}  // namespace chappe::app
