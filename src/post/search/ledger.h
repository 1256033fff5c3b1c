// The documents of one account's index, changed in memory and written as one batch: which letters there are, in which
// mailboxes they stand, how long and how old they are. What was not read is not held.
//
// For the length of one portion (portion.h) or one merge, on a thread that may block. Whoever writes the batch makes
// sure that the state is still the one it began with.
#pragma once

#include <map>
#include <optional>

#include "post/search/segment.h"

namespace chappe::post::search {

class Ledger {
 public:
  // `store` must outlive it.
  static Result<Ledger> open(Blocking* store, AccountId account);

  State& state() { return state_; }
  // The row of the state as it was found; nothing: there was none.
  const std::optional<Bytes>& before() const { return before_; }

  // 0: none.
  Result<DocId> find(Place place);
  // One that has room for a place more.
  Result<DocId> document_of(const store::BodyId& body);
  // A new document; its number is state().next_doc before. Errors: too_large, when there is no number left.
  Result<DocId> make(Document document);
  Result<void> add_place(DocId doc, Place place);
  // With its last place a document goes.
  Result<void> remove_place(Place place);
  // The places of a page of UIDs.
  Result<const PlacePage*> places(MailboxId mailbox, std::uint32_t page);

  // A segment that has been written.
  void add(Segment segment);
  // `to` takes the place of these neighbours; nothing if it has no documents. Deaths since `from` was taken go with it.
  void replace(const std::vector<Segment>& from, Segment to, store::Batch& batch);

  // How much was changed since it was opened.
  std::size_t changes() const { return changes_; }
  // Last.
  void finish(store::Batch& batch);

 private:
  Ledger(Blocking* store, AccountId account) : store_(store), account_(account) {}
  template <class T>
  struct Cached {
    T value;
    bool dirty = false;
  };
  Result<Cached<PlacePage>*> place_page(MailboxId mailbox, std::uint32_t page);
  Result<Cached<LengthPage>*> lengths(DocId doc);
  Result<Cached<DatePage>*> dates(DocId doc);
  Result<Cached<std::optional<Document>>*> document(DocId doc);
  Result<DocId> named_by(const store::BodyId& body);
  Result<void> kill(DocId doc, const Document& document);

  Blocking* store_;
  AccountId account_;
  State state_;
  std::optional<Bytes> before_;
  std::size_t changes_ = 0;
  std::uint32_t early_deaths_ = 0;  // of documents whose segment has not been written
  std::map<std::pair<std::uint32_t, std::uint32_t>, Cached<PlacePage>> places_;
  std::map<std::uint32_t, Cached<LengthPage>> lengths_;
  std::map<std::uint32_t, Cached<DatePage>> dates_;
  std::map<DocId, Cached<std::optional<Document>>> documents_;
  std::map<store::BodyId, DocId> bodies_;  // changed ones; 0: gone
};

}  // namespace chappe::post::search
