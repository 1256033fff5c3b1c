// Line ends of letters outside the store. In the store a line ends with CRLF, as on the wire; in files of Unix with LF.
//
// A letter whose first line end is CRLF is taken octet for octet. One whose first line end is a bare LF gets a CR
// before every LF that has none. So a letter leaves in LF form only when that brings back exactly what it was: when all
// its lines end with CRLF, and none with CR CRLF; every other one leaves as it is. What does not come back the same is
// told by exact().
//
// Streams: octets in pieces of any size, constant memory. Pure.
#pragma once

#include "base/bytes.h"

namespace chappe::post {

// From a file into the store.
class LineEndsIn {
 public:
  // Appends to `out`.
  void feed(ByteView octets, Bytes& out);

 private:
  enum class Mode : std::uint8_t { unknown, as_is, add_cr };
  Mode mode_ = Mode::unknown;
  bool cr_ = false;  // the last octet was CR
};

// What kind of line ends a letter has: fed with all of it, before it leaves.
class LineEndsLook {
 public:
  void feed(ByteView octets);
  // Every line ends with CRLF, and stays so when the CRs are taken away and put back.
  bool plain() const { return plain_; }
  // Comes back from a file of letters octet for octet.
  bool exact() const { return plain_ || first_is_crlf_; }
  // The last line has its end, or there is none.
  bool closed() const { return empty_ || last_ == '\n'; }

 private:
  bool empty_ = true;
  bool plain_ = true;
  bool seen_ = false;  // a line end
  bool first_is_crlf_ = false;
  char last_ = 0, before_ = 0;
};

// From the store into a file of LF lines, for a letter that is plain().
class LineEndsOut {
 public:
  void feed(ByteView octets, Bytes& out);
  // What was held back.
  void finish(Bytes& out);

 private:
  bool cr_ = false;
};

}  // namespace chappe::post
