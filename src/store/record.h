// Stored values: a version octet, then fields in a fixed order. Numbers are LEB128 (7 bits an octet, least first, at
// most 10 octets), so that small ones are short; texts are a length and octets. Ids are 16 octets as they are.
//
// Reading never fails half way: a reader that meets bytes it cannot understand gives zeros from then on and says so in
// finish(). So a decoder reads all its fields in a row and asks once. What a newer version wrote is Errc::unsupported.
// Pure functions on views; `text()` and `octets()` return views into the record.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::store {

class RecordWriter {
 public:
  explicit RecordWriter(std::uint8_t version) { u8(version); }

  RecordWriter& u8(std::uint8_t v) {
    out_.push_back(static_cast<char>(v));
    return *this;
  }
  RecordWriter& number(std::uint64_t v);
  // Of either sign: small magnitudes are short.
  RecordWriter& signed_number(std::int64_t v);
  RecordWriter& text(ByteView v);
  RecordWriter& octets(ByteView v) {
    out_.append(v);
    return *this;
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

class RecordReader {
 public:
  // Knows versions 1 to `newest`.
  RecordReader(ByteView record, std::uint8_t newest);

  std::uint8_t version() const { return version_; }
  std::uint8_t u8();
  std::uint64_t number();
  std::uint32_t number32();
  std::int64_t signed_number();
  ByteView text();
  ByteView octets(std::size_t size);
  bool ok() const { return ok_; }
  // What is left; also the most that a count of anything in it can be.
  std::size_t left() const { return left_.size(); }
  void fail_here() { ok_ = false; }
  // Errors: unsupported, corrupt (also when something is left over). `what` is for the sentence.
  Result<void> finish(std::string_view what) const;

 private:
  ByteView left_;
  std::uint8_t version_ = 0;
  std::uint8_t newest_;
  bool ok_ = true;
};

}  // namespace chappe::store
