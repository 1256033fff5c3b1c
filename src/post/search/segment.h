// Reading and writing the segments of an account's index: pages of terms, and two streams of octets cut into rows.
//
// All of it runs where the thread may block (the offload pool, or a test): Blocking asks a store whose calls end before
// they return. Nothing here holds more than a few rows in memory.
#pragma once

#include <memory>
#include <optional>

#include "net/task.h"
#include "post/search/rows.h"
#include "store/store.h"

namespace chappe::post::search {

// A store, or a snapshot of one, whose calls end before they return (store::Store::blocking). One thread at a time.
class Blocking {
 public:
  explicit Blocking(std::shared_ptr<store::Reader> reader) : reader_(std::move(reader)) {}
  Result<std::optional<store::Value>> get(Bytes key) { return executor_.run(reader_->get(std::move(key), kNever)); }
  Result<store::Page> scan(store::Range range, store::ScanLimits limits = {}) {
    return executor_.run(reader_->scan(std::move(range), limits, kNever));
  }
  template <class T>
  T run(net::Task<T> task) {
    return executor_.run(std::move(task));
  }
  const std::shared_ptr<store::Reader>& reader() const { return reader_; }
  static constexpr net::Deadline kNever{Steady::max()};  // what blocks needs no deadline

 private:
  std::shared_ptr<store::Reader> reader_;
  net::LocalExecutor executor_;
};

// Writes one segment, term after term, ascending. Rows go into a batch as soon as they are full, so that the caller may
// commit what there is and go on with another batch.
class SegmentWriter {
 public:
  static constexpr std::size_t kRow = 8192;  // octets of a row of a stream

  SegmentWriter(AccountId account, std::uint32_t segment, DocId base);

  void begin(Bytes term);
  void add(store::Batch& batch, const Posting& posting);
  // The places of the posting that was added last.
  void add_places(store::Batch& batch, const Posting& posting, const std::vector<std::uint32_t>& places);
  // A term without a posting is left out.
  void end(store::Batch& batch);
  // What has not filled its row. Last.
  void finish(store::Batch& batch);

  std::uint64_t octets() const { return octets_; }
  DocId base() const { return base_; }

 private:
  struct Stream {
    store::Space space;
    Bytes buffer{};
    std::uint64_t size = 0;  // of all so far
    std::uint32_t rows = 0;
  };
  void flush(store::Batch& batch, Stream& stream, bool all);
  void put(store::Batch& batch, Bytes key, Bytes value);

  const AccountId account_;
  const std::uint32_t segment_;
  const DocId base_;
  Stream docs_{store::Space::search_posting};
  Stream places_{store::Space::search_word};
  TermPageWriter terms_;
  TermEntry now_;
  PostingsWriter postings_;
  std::uint64_t octets_ = 0;
};

// Where the postings of a segment are read, with the last row of each stream: neighbouring terms share rows.
struct SegmentReader {
  struct Row {
    std::optional<std::uint32_t> number;
    store::Value octets;
  };
  Blocking* store;
  AccountId account;
  Segment segment;
  Row postings{}, words{};
};

// A stretch of a stream of a segment, row by row.
class StreamOctets final : public Octets {
 public:
  StreamOctets(SegmentReader* reader, store::Space space, std::uint64_t at, std::uint64_t size)
      : reader_(reader), space_(space), at_(at), end_(at + size) {}
  // Why it ended early, when it did.
  Result<void> fault() const;

 private:
  bool more() override;

  SegmentReader* reader_;
  store::Space space_;
  std::uint64_t at_, end_;
  store::Value row_;
  std::optional<Error> error_;
};

// The postings of a term in one segment.
class TermReader {
 public:
  // `reader` must outlive it.
  TermReader(SegmentReader* reader, const TermEntry& entry);
  // False at the end, or when something is wrong: see fault().
  bool next();
  const Posting& posting() const { return postings_.posting(); }
  // The places of the posting; only of words. Good until next().
  const std::vector<std::uint32_t>& places();
  Result<void> fault() const;

 private:
  StreamOctets docs_, words_;
  PostingsReader postings_;
  bool owed_ = false;         // the places of the posting have not been read
  std::uint64_t behind_ = 0;  // nor have so many places before them
  const bool has_places_;
  std::vector<std::uint32_t> places_;
};

// The terms of a segment, from one on, ascending.
class TermCursor {
 public:
  // Stands at the first term that is not less than `from`.
  static Result<TermCursor> seek(Blocking* store, AccountId account, std::uint32_t segment, ByteView from);
  bool done() const { return at_ == page_.size(); }
  const TermEntry& entry() const { return page_[at_]; }
  Result<void> next();

 private:
  TermCursor(Blocking* store, AccountId account, std::uint32_t segment)
      : store_(store), account_(account), range_(term_range(account, segment)) {}
  Result<void> load();

  Blocking* store_;
  AccountId account_;
  store::Range range_;  // what is left
  std::vector<TermEntry> page_;
  std::size_t at_ = 0;
};

// The messages of a mailbox that are in the index, ascending, and their documents.
Result<void> each_place(Blocking* store, AccountId account, MailboxId mailbox,
                        const std::function<void(Uid, DocId)>& take);

// The entry of exactly this term; nothing if the segment has none.
Result<std::optional<TermEntry>> find_term(Blocking* store, AccountId account, std::uint32_t segment, ByteView term);

}  // namespace chappe::post::search
