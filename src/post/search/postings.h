// Posting lists and pages of terms, as they are stored (docs/formats/search.md). Pure. What is read back may be any
// octets: a reader of something broken ends, and says so.
//
// A term is an octet for its kind, and a key. A posting says in which document a term stands, in which fields and how
// often; the places of words are in a list of their own, so that only a search for a phrase reads them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "post/search/text.h"

namespace chappe::post::search {

using DocId = std::uint32_t;  // of an account; ascending, never given twice; 0: none

// The numbers are on disk; terms of one kind are neighbours.
enum class TermKind : char {
  mark = '!',    // of documents: kMarkCut, kMarkPart
  header = 'h',  // a word of Where::header
  stem = 's',    // of a word that is not its own stem
  unlike = 'u',  // a key that a word has which does not stand in the letter as the key is written (narrow.h)
  word = 'w',    // a word of any other field; the only kind with places
};
inline Bytes term_of(TermKind kind, ByteView key) { return Bytes(1, static_cast<char>(kind)).append(key); }
inline constexpr ByteView kMarkCut = "cut";    // has a word longer than kMaxToken
inline constexpr ByteView kMarkPart = "part";  // not all of its text is in the index

inline constexpr std::uint32_t kMostCounted = 255;  // times that a term is counted in a field, and its places kept

using FieldMask = std::uint8_t;
inline constexpr FieldMask field_bit(Where w) { return static_cast<FieldMask>(1u << static_cast<unsigned>(w)); }
inline constexpr FieldMask kAllFields = 0xff;

struct Posting {
  DocId doc = 0;
  FieldMask fields = 0;
  std::array<std::uint8_t, kFields> counts{};

  std::uint32_t places() const {
    std::uint32_t n = 0;
    for (const std::uint8_t c : counts) n += c;
    return n;
  }
};

void put_number(Bytes& out, std::uint64_t v);

// Appends postings, ascending by document. `base` is at most the first document.
class PostingsWriter {
 public:
  explicit PostingsWriter(DocId base) : last_(base) {}
  void add(Bytes& out, const Posting& posting);

 private:
  DocId last_;
};

// Octets that come in pieces.
class Octets {
 public:
  explicit Octets(ByteView first = {}) : piece_(first) {}
  virtual ~Octets() = default;

  std::uint8_t u8() {
    if (piece_.empty() && !(ok_ && more())) {
      ok_ = false;
      return 0;
    }
    const auto v = static_cast<std::uint8_t>(piece_.front());
    piece_.remove_prefix(1);
    return v;
  }
  std::uint64_t number() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const std::uint8_t b = u8();
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return ok_ ? v : 0;
    }
    ok_ = false;
    return 0;
  }
  bool ok() const { return ok_; }
  void fail_here() { ok_ = false; }

 protected:
  // Puts the next piece, not empty, into piece_; false at the end.
  virtual bool more() { return false; }
  ByteView piece_;

 private:
  bool ok_ = true;
};

// Reads `count` postings.
class PostingsReader {
 public:
  PostingsReader(Octets* from, DocId base, std::uint32_t count) : from_(from), left_(count) { now_.doc = base; }
  // False at the end, or where the octets make no sense (ok()).
  bool next();
  const Posting& posting() const { return now_; }
  bool ok() const { return from_->ok(); }

 private:
  Octets* from_;
  std::uint32_t left_;
  bool begun_ = false;
  Posting now_;
};

// The places of one posting: of each of its fields in order, ascending.
void write_places(Bytes& out, const Posting& posting, const std::vector<std::uint32_t>& places);
// Into `out`, which is emptied first.
void read_places(Octets& from, const Posting& posting, std::vector<std::uint32_t>& out);

// Where the postings of a term are in its segment.
struct TermEntry {
  Bytes term;
  std::uint32_t count = 0;  // of documents
  std::uint64_t docs_at = 0, docs_size = 0;
  std::uint64_t places_at = 0, places_size = 0;
};

// A page of terms, ascending.
class TermPageWriter {
 public:
  static constexpr std::size_t kSize = 4096;  // octets, about

  void add(const TermEntry& entry);
  bool full() const { return rows_.size() >= kSize; }
  bool empty() const { return count_ == 0; }
  const Bytes& first() const { return first_; }
  // The page; begins a new one.
  Bytes take();

 private:
  Bytes first_, last_, rows_;
  std::uint64_t docs_at_ = 0, places_at_ = 0;
  std::uint32_t count_ = 0;
};

// Each term of a page, in order, until `take` says false.
Result<void> each_term(ByteView page, const std::function<bool(const TermEntry&)>& take);

}  // namespace chappe::post::search
