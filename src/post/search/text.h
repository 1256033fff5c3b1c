// What of a letter is searched, as caseless text: the index takes its words from here, and IMAP SEARCH looks for its
// substrings in the very same texts. Pure; linear in the size of the letter; for large letters not on a shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "message/letter.h"

namespace chappe::post::search {

// Where a text stands. The first ones are fields that can be asked for by name; their numbers are on disk, as bits.
enum class Where : std::uint8_t {
  subject = 0,
  from = 1,
  to = 2,
  cc = 3,
  bcc = 4,
  list = 5,        // List-Id
  attachment = 6,  // names of files
  body = 7,        // the text of every text part, and From, To, Cc and Subject of letters within
  header = 8,      // every other header field of the letter and of its parts, with its name; and the names of all
};
inline constexpr std::size_t kFields = 8;  // all but `header`

// Octets of one part's text that are looked at.
inline constexpr std::size_t kMaxText = 1024 * 1024;

// The key of a caseless text: two texts are equal to a search exactly if these are.
std::string caseless(const std::string& text);

// The text of a text part as people read it, at most kMaxText octets of it: without transfer encoding, in UTF-8, and of
// HTML the text without the markup.
std::string readable_text(const message::Letter& letter, const message::Part& part);

// In which field of the enumeration a header field of this name counts; Where::header for all others.
Where where_of(ByteView field_name);

// Each text, caseless, in the order of the letter. Stops when there have
// been `limit` octets; false then.
bool each_text(const message::Letter& letter, std::size_t limit,
               const std::function<void(Where, const std::string&)>& take);

}  // namespace chappe::post::search
