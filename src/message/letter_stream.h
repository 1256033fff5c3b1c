// The outline of a letter that comes piece by piece: its fields and its tree of parts, as places in it, without its
// octets. A letter of any size costs what its headers do (Letter::Limits: at most some megabytes), so its structure can
// be told without ever having it in memory. What it finds is what Letter finds in the same octets: the scanner is one.
//
// Owned by one caller; feed() takes time linear in what it is given, and nothing blocks. RFC 5322, RFC 2045, RFC 2046.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "message/letter.h"

namespace chappe::message {

class LetterStream {
 public:
  LetterStream() : LetterStream(Letter::Limits{}) {}
  explicit LetterStream(Letter::Limits limits);
  ~LetterStream();
  LetterStream(LetterStream&&) noexcept;
  LetterStream& operator=(LetterStream&&) noexcept;

  void feed(ByteView octets);
  // The end of the letter. Once, last.
  Letter finish();
  std::uint64_t size() const { return size_; }

 private:
  void scan(ByteView window, bool last);
  void keep_lead(ByteView window);

  struct Inside;  // the letter and its scanner
  std::unique_ptr<Inside> inside_;
  Bytes pending_;           // the octets that are not decided yet
  std::size_t enough_ = 0;  // of pending_, before it is worth looking at it again
  std::size_t base_ = 0;    // where pending_ begins
  std::uint64_t size_ = 0;  // taken so far
};

// Makes an outline from what was kept of one (post/mailbox/summary.h): parts in document order, each with some of its
// fields. Places and kinds are taken as they are; the caller has checked them.
class OutlineBuilder {
 public:
  // Views in `part` (type, subtype) are copied.
  void add_part(Part part, std::size_t lines);
  // Of the part that was added last. `raw` with its line end; corrupt names are the caller's matter.
  void add_field(ByteView raw, std::size_t offset);
  Letter take();

 private:
  Letter letter_;
  std::vector<std::uint32_t> last_child_;
};

}  // namespace chappe::message
