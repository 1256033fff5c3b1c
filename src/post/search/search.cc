#include "post/search/search.h"

#include <algorithm>

#include "message/words.h"
#include "post/search/evaluate.h"

namespace chappe::post::search {

// What a search works with, and is dear to make.
struct Search::Tools {
  Tokenizer tokenizer;
  Stemmer stemmer;
};

// The tools that nobody uses now. Shared with work in the pool, which may outlive whoever waits for it.
class Search::Shelf {
 public:
  std::unique_ptr<Tools> take() {
    std::lock_guard lock(mutex_);
    if (tools_.empty()) return nullptr;
    auto out = std::move(tools_.back());
    tools_.pop_back();
    return out;
  }
  void put_back(std::unique_ptr<Tools> tools) {
    std::lock_guard lock(mutex_);
    tools_.push_back(std::move(tools));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tools>> tools_;  // as many as there were searches at a time
};

class Search::Borrowed {
 public:
  explicit Borrowed(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)), tools_(shelf_->take()) {
    if (!tools_) tools_ = std::make_unique<Tools>();
  }
  ~Borrowed() { shelf_->put_back(std::move(tools_)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Tools* operator->() { return tools_.get(); }

 private:
  std::shared_ptr<Shelf> shelf_;
  std::unique_ptr<Tools> tools_;
};

namespace {

// The index as it is now, on this thread.
struct View {
  Blocking store;
  store::Bodies bodies;
  AccountId account;
  State state;

  static Result<std::unique_ptr<View>> open(store::Store* from, AccountId account) {
    auto out = std::unique_ptr<View>(
        new View{Blocking(from->blocking().snapshot()), store::Bodies(from->blocking()), account, State()});
    if (const auto row = TRY(out->store.get(state_key(account)))) out->state = TRY(decode_state(row->view()));
    // Words that were seen in another way are looked for in vain; the indexer begins anew.
    if (out->state.words_version != kWordsVersion) out->state = State();
    return out;
  }
};

}  // namespace

Search::Search(store::Store& store, net::Offload& offload)
    : store_(store), offload_(offload), shelf_(std::make_shared<Shelf>()) {}
Search::~Search() = default;

Task<Result<Hits>> Search::find(AccountId account, Query query, std::size_t limit, bool snippets, Deadline deadline) {
  const auto job = [store = &store_, shelf = shelf_, account, query = std::move(query),
                    limit = std::min(limit, kMostHits), snippets]() -> Result<Hits> {
    Borrowed tools(shelf);
    const std::unique_ptr<View> view = TRY(View::open(store, account));
    Evaluation evaluation(&view->store, account, view->state, tools->stemmer);
    Matches matches = TRY(evaluation.run(query));
    Hits out;
    out.total = matches.size();
    const auto kept = std::min(limit, matches.size());
    // Documents are numbered as they came: a greater one is later, but for what was imported.
    std::ranges::partial_sort(
        matches, matches.begin() + static_cast<std::ptrdiff_t>(kept),
        [](const Match& a, const Match& b) { return a.score != b.score ? a.score > b.score : a.doc > b.doc; });
    matches.resize(kept);
    const Wanted wanted(query, tools->stemmer);
    for (const Match& m : matches) {
      const auto row = TRY(view->store.get(document_key(account, m.doc)));
      if (!row) return fail(Errc::corrupt, "the search index names a document that it does not have");
      Document document = TRY(decode_document(row->view()));
      Hit hit;
      hit.body = document.body;
      hit.date = document.date;
      hit.places = std::move(document.places);
      hit.score = m.score;
      if (snippets) {
        const auto octets = view->store.run(view->bodies.read(hit.body, 0, kSnippetOctets, Blocking::kNever));
        // Gone since, or damaged: found all the same.
        if (octets) {
          const Bytes flat = octets->flatten();
          const message::Letter letter(flat);
          const auto value = [&letter](message::FieldName name) {
            const message::Field* field = letter.find(name);
            return field ? message::decode_text(field->value()) : std::string();
          };
          hit.from = value(message::FieldName::from);
          hit.subject = mark(value(message::FieldName::subject), wanted, tools->tokenizer, tools->stemmer);
          hit.text = snippet_of(letter, wanted, tools->tokenizer, tools->stemmer);
        }
      }
      out.best.push_back(std::move(hit));
    }
    std::ranges::sort(out.best, [](const Hit& a, const Hit& b) {
      return std::tuple(b.score, b.date, b.body.id) < std::tuple(a.score, a.date, a.body.id);
    });
    return out;
  };
  Result<Hits> out = CO_TRY(co_await net::offload(offload_, job, deadline));
  co_return out;
}

Task<Result<std::vector<Ranked>>> Search::match(AccountId account, MailboxId mailbox, Query query, Deadline deadline) {
  const auto job = [store = &store_, shelf = shelf_, account, mailbox,
                    query = std::move(query)]() -> Result<std::vector<Ranked>> {
    Borrowed tools(shelf);
    const std::unique_ptr<View> view = TRY(View::open(store, account));
    Evaluation evaluation(&view->store, account, view->state, tools->stemmer);
    const Matches matches = TRY(evaluation.run(query));
    std::vector<Ranked> out;
    TRY(each_place(&view->store, account, mailbox, [&](Uid uid, DocId doc) {
      const auto at = std::ranges::lower_bound(matches, doc, {}, &Match::doc);
      if (at != matches.end() && at->doc == doc) out.push_back({uid, at->score});
    }));
    return out;
  };
  Result<std::vector<Ranked>> out = CO_TRY(co_await net::offload(offload_, job, deadline));
  co_return out;
}

Task<Result<Narrowed>> Search::narrow(AccountId account, MailboxId mailbox, Pattern pattern, Deadline deadline) {
  const auto job = [store = &store_, shelf = shelf_, account, mailbox,
                    pattern = std::move(pattern)]() -> Result<Narrowed> {
    Borrowed tools(shelf);
    const std::unique_ptr<View> view = TRY(View::open(store, account));
    Narrowing narrowing(&view->store, account, view->state);
    return narrowing.run(pattern, mailbox, tools->tokenizer);
  };
  Result<Narrowed> out = CO_TRY(co_await net::offload(offload_, job, deadline));
  co_return out;
}

}  // namespace chappe::post::search
