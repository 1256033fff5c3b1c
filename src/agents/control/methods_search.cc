// The methods of the search index.
#include <map>

#include "agents/control/params.h"
#include "base/text.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;

void write_snippet(Writer& w, std::string_view name, const post::search::Snippet& snippet) {
  w.key(name).begin_object().field("text", snippet.text).key("marks").begin_array();
  for (const auto& [begin, end] : snippet.marks) w.begin_array().value(begin).value(end).end_array();
  w.end_array().end_object();
}

}  // namespace

Answer search_find(const Office* office, Call call) {
  if (!office->search) co_return fail(Errc::unsupported, "this process keeps no mailboxes");
  const auto account = CO_TRY(co_await office->directory->show_account(text_of(call, "account"), call.deadline));
  auto query = CO_TRY(post::search::parse_query(text_of(call, "query")));
  const bool snippets = maybe_yes(call, "snippets").value_or(true);
  const auto progress = CO_TRY(co_await office->indexer->progress(account.id, call.deadline));
  const auto hits =
      CO_TRY(co_await office->search->find(account.id, std::move(query), page_of(call), snippets, call.deadline));
  std::map<post::MailboxId, std::string> names;
  const auto mailboxes = CO_TRY(co_await office->mailboxes->list(account.id, call.deadline));
  for (const post::MailboxInfo& m : mailboxes) names[m.id] = m.name;
  std::string out;
  Writer w(out);
  w.begin_object().field("total", hits.total).field("pending", progress.pending).key("letters").begin_array();
  for (const post::search::Hit& hit : hits.best) {
    w.begin_object().field("date", to_rfc3339(hit.date)).field("size", hit.body.size);
    w.field("score", static_cast<double>(hit.score)).field("from", hit.from);
    if (snippets) {
      write_snippet(w, "subject", hit.subject);
      write_snippet(w, "snippet", hit.text);
    }
    w.key("places").begin_array();
    for (const post::search::Place& place : hit.places) {
      const auto name = names.find(place.mailbox);
      if (name == names.end()) continue;  // removed, which the index will learn
      w.begin_object().field("mailbox", name->second).field("uid", place.uid.value).end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().end_object();
  co_return out;
}

Answer search_progress(const Office* office, Call call) {
  if (!office->indexer) co_return fail(Errc::unsupported, "this process keeps no mailboxes");
  const auto account = CO_TRY(co_await office->directory->show_account(text_of(call, "account"), call.deadline));
  const auto p = CO_TRY(co_await office->indexer->progress(account.id, call.deadline));
  std::string out;
  Writer(out)
      .begin_object()
      .field("indexed", p.indexed)
      .field("pending", p.pending)
      .field("letters", p.letters)
      .field("done", p.done.value)
      .field("newest", p.newest.value)
      .field("scanning", p.scanning)
      .field("segments", p.segments)
      .field("octets", p.octets)
      .end_object();
  co_return out;
}

Answer search_renew(const Office* office, Call call) {
  if (!office->indexer) co_return fail(Errc::unsupported, "this process keeps no mailboxes");
  const auto account = CO_TRY(co_await office->directory->show_account(text_of(call, "account"), call.deadline));
  CO_TRY(co_await office->indexer->begin_anew(account.id, call.deadline));
  co_return std::string("{}");
}

}  // namespace chappe::agents::control
