// The rows of the search index but for postings: keys and values (docs/formats/search.md). Pure functions. Decoders
// take any bytes: what does not read back is Errc::corrupt, a newer version Errc::unsupported.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "post/mailbox/types.h"
#include "post/search/postings.h"
#include "store/keys.h"

namespace chappe::post::search {

// What the words of a letter are. A program that finds another number than its own begins the index anew.
inline constexpr std::uint32_t kWordsVersion = 2;

// A run of documents whose postings stand together. Never changes; merging writes a new one.
struct Segment {
  std::uint32_t id = 0;  // ascending, never given twice
  DocId first = 0, last = 0;
  std::uint32_t docs = 0;    // when it was written
  std::uint32_t dead = 0;    // of them, gone since
  std::uint64_t octets = 0;  // of its rows
  bool operator==(const Segment&) const = default;
};

// Where the index of an account is.
struct State {
  std::uint32_t words_version = kWordsVersion;
  ModSeq modseq;  // of the feed, all changes up to it are done
  // Of the change behind it, what was added up to this message is done as well. Mailbox 0: nothing.
  MailboxId partial_mailbox;
  Uid partial_uid;
  // The mailboxes are being read through, from this page on; the index goes on from `modseq` when that ends. Mailbox 0:
  // no mailbox has been begun.
  bool scanning = true;
  MailboxId scan_mailbox;
  std::uint32_t scan_page = 0;
  DocId next_doc = 1;
  std::uint32_t next_segment = 1;
  std::uint32_t merging = 0;      // the segment that a merge is writing; its rows count for nothing
  std::uint64_t docs = 0;         // alive
  std::uint64_t places = 0;       // of them, in mailboxes
  std::uint64_t words = 0;        // of them all, for their mean length
  std::vector<Segment> segments;  // in order of their documents
  bool operator==(const State&) const = default;
};

struct Place {
  MailboxId mailbox;
  Uid uid;
  auto operator<=>(const Place&) const = default;
};

// A letter, however many mailboxes of the account it is in.
struct Document {
  static constexpr std::size_t kMaxPlaces = 1000;  // a letter that is in more becomes another document

  store::BodyRef body;
  Time date;  // INTERNALDATE of the first place
  std::uint32_t words = 0;
  std::vector<Place> places;  // at least one
};

// The documents of the messages of one page of UIDs (records::kPageUids).
struct PlacePage {
  std::vector<std::pair<Uid, DocId>> rows;  // ascending
};

// Fixed octets for each document of a page; 0: there is no such document any more.
inline constexpr std::uint32_t kLengthsPage = 1024;
inline constexpr std::uint32_t kDatesPage = 256;
using LengthPage = std::array<std::uint8_t, kLengthsPage>;
using DatePage = std::array<std::uint32_t, kDatesPage>;  // minutes since 1970 UTC

// A length as an octet: 1 to 255, a sixteenth of a doubling each.
std::uint8_t length_code(std::uint32_t words);
float length_of(std::uint8_t code);
std::uint32_t minutes_of(Time t);

// --- keys

Bytes state_key(AccountId account);
Bytes document_key(AccountId account, DocId doc);
Bytes body_key(AccountId account, const store::BodyId& body);
Bytes place_key(AccountId account, MailboxId mailbox, std::uint32_t page);
store::Range place_range(AccountId account, MailboxId mailbox, std::uint32_t first_page = 0);
store::Range place_range(AccountId account);
Result<Place> place_of(AccountId account, ByteView key);  // of the page's first UID
Bytes length_key(AccountId account, std::uint32_t page);
store::Range length_range(AccountId account);
Bytes date_key(AccountId account, std::uint32_t page);
store::Range date_range(AccountId account);
Result<std::uint32_t> page_of(AccountId account, ByteView key);  // of either kind
Bytes term_key(AccountId account, std::uint32_t segment, ByteView term);
store::Range term_range(AccountId account, std::uint32_t segment);
Bytes stream_key(AccountId account, store::Space space, std::uint32_t segment, std::uint32_t row);
store::Range stream_range(AccountId account, store::Space space, std::uint32_t segment);
// Everything that the index of an account is.
std::array<store::Range, 8> all_of(AccountId account);

// --- values

Bytes encode(const State& state);
Result<State> decode_state(ByteView bytes);
Bytes encode(const Document& document);
Result<Document> decode_document(ByteView bytes);
Bytes encode_doc(DocId doc);
Result<DocId> decode_doc(ByteView bytes);
Bytes encode(const PlacePage& page, std::uint32_t number);
Result<PlacePage> decode_places(ByteView bytes, std::uint32_t number);
Bytes encode(const LengthPage& page);
Result<LengthPage> decode_lengths(ByteView bytes);
Bytes encode(const DatePage& page);
Result<DatePage> decode_dates(ByteView bytes);

}  // namespace chappe::post::search
