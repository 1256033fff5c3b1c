// Which fields of a letter a list of names stands for (RFC 6376 §5.4.2): each mention of a name takes the lowest field
// of that name that is not taken yet; when there is none left, nothing, which is what keeps fields from being added.
//
// HeaderFields is a view on the fields of one letter, made once for all its signatures. Pure; a selection takes time in
// proportion to the list, times the logarithm of the number of fields.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "message/field.h"
#include "trust/dkim/canon.h"

namespace chappe::trust::dkim {

inline constexpr std::uint32_t kNoField = 0xffff'ffff;

class HeaderFields {
 public:
  // The fields must outlive it.
  explicit HeaderFields(std::span<const message::Field> fields);

  std::span<const message::Field> fields() const { return fields_; }
  std::size_t count(ByteView name) const;
  // Octets of all fields.
  std::size_t octets() const { return octets_; }
  // The fields that the names stand for, as indices into fields(), in the order of the names. `own` is the signature's
  // own field, which it cannot sign and which was not there when it was made; kNoField: there is none.
  std::vector<std::uint32_t> select(std::span<const std::string> names, std::uint32_t own) const;
  // Their canonical forms one behind the other.
  std::string canonical(Canon canon, std::span<const std::uint32_t> selected) const;

 private:
  std::pair<std::size_t, std::size_t> range(ByteView name) const;

  std::span<const message::Field> fields_;
  std::vector<std::uint32_t> order_;  // by name, without regard to case; of one name the lowest in the letter first
  std::size_t octets_ = 0;
};

}  // namespace chappe::trust::dkim
