// Letters in a row in one file: mbox (RFC 4155), read in any of its dialects and written as mboxrd.
//
// A letter begins at a line "From SENDER DATE" that follows an empty line or begins the file; the empty line before it
// belongs to the format. In the letter, a line ">From " (with any number of ">") loses one ">". Flags stand in header
// fields that are no part of the letter: Status and X-Status (R read, O old, A answered, F flagged, D deleted, T
// draft), X-Keywords, and what Thunderbird writes (X-Mozilla-Status, X-Mozilla-Keys); all of these are taken out.
// Content-Length is not believed.
//
// Both are fed in pieces of any size and keep no more than one line's beginning. Pure; no file is opened here.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "post/care/line_ends.h"
#include "post/mailbox/types.h"

namespace chappe::post {

// ">" before "From ": a line with more of them is neither quoted nor unquoted.
inline constexpr std::size_t kMostQuotes = 256;

class MboxReader {
 public:
  struct Event {
    enum class Kind : std::uint8_t { begin, octets, end };
    Kind kind = Kind::begin;
    std::optional<Time> date = {};  // begin: of the From line
    Bytes octets = {};              // octets: some of the letter, as the store has it
    FlagList flags = {};            // end
    bool removed = false;           // end: Thunderbird has deleted it, and not compacted the file yet
    std::uint64_t place = 0;        // begin: of the From line, in octets from the beginning of the file
  };

  void feed(ByteView octets);
  // The file ends here.
  void finish();
  // What has been understood so far, in order: begin, octets, end for each letter.
  std::optional<Event> next();
  // There were octets before the first From line: this is no mbox, or not the beginning of one.
  bool foreign() const { return foreign_; }

  // Of a line, what has to be seen to know what it is.
  static constexpr std::size_t kPrefix = 512;

 private:
  void line_begins();
  void line_goes_on(ByteView octets);
  void line_ends();
  void begin_letter();
  void end_letter();
  void take_field(std::string_view line);
  void put(ByteView octets);

  enum class State : std::uint8_t { outside, header, body };
  State state_ = State::outside;
  std::deque<Event> events_;
  Bytes prefix_;                // of the current line, until it is known what it is
  bool passing_ = false;        // the rest of the current line is the letter's
  bool dropping_ = false;       // the current line is none of the letter's
  bool dropped_field_ = false;  // the last field says keywords, and may be folded
  Bytes field_;                 // that field
  bool blank_before_ = true;    // the line before was empty, or there was none
  Bytes blank_;                 // that line, if it may belong to the format
  LineEndsIn ends_;
  FlagList flags_;
  bool expunged_ = false;  // as Thunderbird says; unless somebody else, who says Status, has written the file
  bool told_ = false;
  bool foreign_ = false;
  std::uint64_t at_ = 0, line_at_ = 0;
};

// Whether these are the first octets of an mbox file.
bool looks_like_mbox(ByteView head);
// The date of a From line, "From SENDER Www Mmm dd hh:mm:ss yyyy" with what else is found there. Nothing if it is none.
std::optional<Time> parse_from_line(std::string_view line);

// Writes one letter after another. The octets of a letter come twice: once for look(), before begin().
class MboxWriter {
 public:
  // The From line and the fields with the flags.
  static Bytes begin(Time date, const FlagList& flags);
  // Octets of the letter, in order.
  Bytes feed(ByteView octets);
  // The end of the letter. The writer may then be used for the next.
  Bytes finish();
  // Set before the first feed(): whether the lines lose their CRs (LineEndsLook::plain).
  void set_plain(bool plain) { plain_ = plain; }

 private:
  void quote(ByteView octets, Bytes& out);

  bool plain_ = true;
  LineEndsOut ends_;
  Bytes start_;             // of a line, as long as it may become "From "
  bool line_start_ = true;  // the next octet begins a line
  char last_ = '\n';
};

// Whether a field of this name says flags in an mbox file, and is taken out when the letter is read.
bool is_mbox_field(std::string_view name);

// Whether a letter's own header has such a field: then it does not come back as it was. Streams.
class MboxFieldLook {
 public:
  void feed(ByteView octets);
  bool found() const { return found_; }

 private:
  bool header_ = true;
  bool found_ = false;
  std::string line_;
};

}  // namespace chappe::post
