// The text of attachments, as programs of the operator's find it ([[search.extractor]]): which program is for which
// part, what it costs at most, and how it went. What people search with `chappe search` finds words of attachments by
// this; IMAP SEARCH does not (docs/decisions/0012-search.md).
//
// One for the process, called by the thread that indexes, one program at a time. A program that fails, hangs or answers
// nonsense costs the text of that part and nothing else; it is counted, and logged once an hour. stop() from any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "message/letter.h"
#include "post/search/child.h"

namespace chappe::post::search {

struct Extractor {
  // Media types ("application/pdf", "application/*"), and endings of file names (".pdf") for parts that are sent as
  // application/octet-stream (RFC 2046 §4.5.1). Case does not matter.
  std::vector<std::string> types;
  std::vector<std::string> command;  // an absolute path and its arguments
  ChildLimits limits;
};

// "application/pdf", "application/*", ".pdf".
bool is_extractor_type(std::string_view text);

// The octets [offset, offset + size) of a letter, or fewer where it ends.
using LetterOctets = std::function<Result<Bytes>(std::uint64_t offset, std::uint64_t size)>;

class Extractors {
 public:
  static constexpr std::size_t kMaxParts = 20;                      // of one letter
  static constexpr Duration kMaxLetter = std::chrono::seconds(30);  // of one letter, all programs together
  static constexpr std::size_t kMaxLetterText = 4 * 1024 * 1024;    // octets of text of one letter
  static constexpr Duration kQuiet = std::chrono::hours(1);         // between two lines of the log about the same
  static constexpr std::uint64_t kStep = 256 * 1024;                // octets of the letter that are read at once

  // Parts, by how they ended; `skipped`: beyond the limits of their letter. From any thread.
  struct Counts {
    std::array<std::atomic<std::uint64_t>, kChildEnds> ends{};
    std::atomic<std::uint64_t> skipped = 0;
  };

  // `log` may be null.
  explicit Extractors(std::vector<Extractor> list, Log* log = nullptr) : list_(std::move(list)), log_(log) {}

  // Whether a part has a program. `letter` may be an outline.
  bool wants(const message::Letter& letter) const;
  // The text of each part that has one, as UTF-8. Errors: cancelled, after stop(), so that the letter is taken in some
  // other time; those of `octets`.
  Result<std::vector<std::string>> texts_of(const message::Letter& letter, const LetterOctets& octets);
  // From now on nothing is begun, and what runs is ended.
  void stop() { stop_ = true; }

  const Counts& counts() const { return counts_; }

 private:
  const Extractor* extractor_of(const message::Letter& letter, const message::Part& part) const;
  void say(const Extractor& extractor, ChildEnd end, const std::string& how);

  const std::vector<Extractor> list_;
  Log* const log_;
  Counts counts_;
  std::atomic<bool> stop_ = false;
  std::map<std::pair<const Extractor*, ChildEnd>, Steady> said_;
};

}  // namespace chappe::post::search
