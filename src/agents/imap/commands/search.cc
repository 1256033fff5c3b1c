// SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182).
#include <algorithm>

#include "agents/door/pace.h"
#include "agents/imap/commands/proceed.h"
#include "agents/imap/letter_reader.h"
#include "agents/imap/matcher.h"
#include "post/search/search.h"

namespace chappe::agents::imap {

namespace {

constexpr std::size_t kRecords = 200;      // read at a time
constexpr std::uint32_t kWorthwhile = 50;  // letters to be read for which the index is asked first
constexpr std::size_t kTexts = 16;         // of a program that the index is asked for

// One look at a letter, wherever it is taken; owns all that it looks at.
struct Look {
  std::shared_ptr<const Matcher> matcher;
  Candidate candidate;
  post::MessageRecord record;
  SharedLetter text;
  bool whole = false;

  Truth operator()() {
    candidate.record = &record;
    candidate.header = &text->letter;
    if (whole) candidate.letter = &text->letter;
    return matcher->matches(candidate);
  }
};

class Searcher {
 public:
  Searcher(Conversation* c, Matcher matcher)
      : c_(c), matcher_(std::make_shared<Matcher>(std::move(matcher))), pace_(c->site().clock) {}
  // The sequence numbers found, ascending.
  Task<Result<std::vector<std::uint32_t>>> run();

 private:
  Task<void> ask_index();
  Task<Result<bool>> look(Candidate candidate);
  Task<Result<Truth>> look_at(LetterReader* reader, Candidate candidate, bool whole);
  Task<Result<const post::MessageRecord*>> record(post::Uid uid);

  Conversation* c_;
  std::shared_ptr<Matcher> matcher_;
  Pace pace_;
  std::vector<post::MessageRecord> records_;  // the last ones read, ascending
};

// What the index knows needs not be read. It is asked only if much would be; without an answer, letters are read.
Task<void> Searcher::ask_index() {
  std::vector<Matcher::TextKey> texts = matcher_->text_keys();
  if (!c_->site().search || texts.empty()) co_return;
  std::uint32_t unknown = 0;
  const post::View& view = *c_->selected->view;
  for (std::uint32_t seq = 1; seq <= view.size() && unknown < kWorthwhile; ++seq) {
    co_await pace_;
    const std::optional<post::MessageState> state = view.state(seq);
    if (state && matcher_->matches({.seq = seq, .state = *state}) == Truth::unknown) ++unknown;
  }
  if (unknown < kWorthwhile) co_return;
  if (texts.size() > kTexts) texts.resize(kTexts);
  for (Matcher::TextKey& text : texts) {
    auto known =
        co_await c_->site().search->narrow(c_->account, c_->selected->id, std::move(text.pattern), c_->deadline());
    if (known) matcher_->narrow(text.place, std::move(*known));
  }
}

Task<Result<std::vector<std::uint32_t>>> Searcher::run() {
  co_await ask_index();
  std::vector<std::uint32_t> found;
  const post::View& view = *c_->selected->view;
  for (std::uint32_t seq = 1; seq <= view.size(); ++seq) {
    co_await pace_;
    const auto state = view.state(seq);
    if (!state) continue;
    Candidate candidate{.seq = seq, .state = *state};
    Truth truth = matcher_->matches(candidate);
    if (truth == Truth::unknown) truth = CO_TRY(co_await look(candidate)) ? Truth::yes : Truth::no;
    if (truth == Truth::yes) found.push_back(seq);
  }
  co_return found;
}

// Null when the message has gone.
Task<Result<const post::MessageRecord*>> Searcher::record(post::Uid uid) {
  if (records_.empty() || records_.back().uid < uid)
    records_ = CO_TRY(co_await c_->mailboxes().messages(c_->account, c_->selected->id, uid, post::Uid{UINT32_MAX},
                                                        kRecords, c_->deadline()));
  const auto at = std::ranges::lower_bound(records_, uid, {}, &post::MessageRecord::uid);
  co_return at != records_.end() && at->uid == uid ? &*at : nullptr;
}

Task<Result<Truth>> Searcher::look_at(LetterReader* reader, Candidate candidate, bool whole) {
  SharedLetter text = CO_TRY(whole ? co_await reader->letter() : co_await reader->header());
  const std::uint64_t size = text->octets.size();
  co_return co_await reader->work(size, Look{matcher_, candidate, reader->record(), std::move(text), whole});
}

// Reads as much of the message as the answer needs.
Task<Result<bool>> Searcher::look(Candidate candidate) {
  candidate.record = CO_TRY(co_await record(candidate.state.uid));
  if (!candidate.record) co_return false;
  Truth truth = matcher_->matches(candidate);
  if (truth != Truth::unknown) co_return truth == Truth::yes;
  LetterReader reader(c_, *candidate.record);
  for (const bool whole : {false, true}) {
    co_await pace_;
    const auto seen = co_await look_at(&reader, candidate, whole);
    if (!seen && seen.error().code() == Errc::not_found) co_return false;  // expunged meanwhile
    truth = CO_TRY(seen);
    if (truth != Truth::unknown) break;
  }
  co_return truth == Truth::yes;
}

// RFC 9051 §6.4.4.1: MIN and MAX alone save only those.
post::UidSet to_save(Conversation* c, const wire::Search::Return& returns, const std::vector<std::uint32_t>& found) {
  post::UidSet out;
  if (found.empty()) return out;
  if ((returns.min || returns.max) && !returns.all && !returns.count) {
    if (returns.min) out.add(c->selected->view->uid(found.front()));
    if (returns.max) out.add(c->selected->view->uid(found.back()));
    return out;
  }
  return c->uids_of(wire::to_ranges(found));
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Search args) {
  const auto& keys = args.program.keys;
  const bool modseq = std::ranges::any_of(keys, [](const auto& k) { return k.kind == wire::SearchKey::Kind::modseq; });
  if (modseq) c->condstore = true;  // RFC 7162 §3.1
  const post::View& view = *c->selected->view;
  const post::UidSet saved = c->selected->saved;
  const Matcher::World world{.keywords = &view.mailbox().keywords(),
                             .messages = view.size(),
                             .last = view.size() ? view.uid(view.size()) : post::Uid{},
                             .saved = &saved,
                             .now = c->site().clock.now()};
  // RFC 9051 §6.4.4.1: a SAVE that fails leaves nothing behind.
  if (args.returns && args.returns->save) c->selected->saved = {};
  auto matcher = Matcher::make(std::make_shared<const wire::SearchProgram>(std::move(args.program)),
                               args.charset.value_or(""), world);
  if (!matcher && matcher.error().code() == Errc::unsupported)
    co_return c->no(call, "BADCHARSET (UTF-8 US-ASCII)", matcher.error().text());
  if (!matcher) co_return c->bad(call, matcher.error().text());
  Searcher searcher(c, std::move(*matcher));
  const auto found = co_await searcher.run();
  if (!found) co_return c->no(call, found.error());

  std::optional<std::uint64_t> highest;
  std::vector<std::uint32_t> numbers;
  for (const std::uint32_t seq : *found) {
    numbers.push_back(call.uid ? view.uid(seq).value : seq);
    const auto state = modseq ? view.state(seq) : std::nullopt;
    if (state) highest = std::max(highest.value_or(0), state->modseq.value);
  }
  if (args.returns && args.returns->save) c->selected->saved = to_save(c, *args.returns, *found);
  const wire::Search::Return returns = args.returns.value_or(wire::Search::Return{.all = true});
  const bool only_save = returns.save && !returns.min && !returns.max && !returns.all && !returns.count;
  // RFC 9051 §7.3.4: ESEARCH takes the place of SEARCH.
  if (!args.returns && !c->rev2())
    wire::write_search(c->out(), numbers, highest);
  else if (!only_save)
    wire::write_esearch(c->out(), call.tag, call.uid, returns, numbers, highest);
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
