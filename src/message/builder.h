// Writes letters: header fields folded and encoded as they must be, bodies in the encoding that suits them,
// attachments, multiparts (RFC 5322, RFC 2045 to 2047, RFC 2231). Output has CRLF line ends and lines of at most 998
// octets, and wherever blanks allow at most 78 (RFC 5322 §2.1.1). Nothing that a caller passes can start another field
// or part: CR, LF and NUL in values become blanks. Plain objects of one owner; nothing blocks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "message/address.h"

namespace chappe::message {

using ParameterValues = std::vector<std::pair<std::string, std::string>>;  // name, UTF-8 value

// A header under construction. Each call appends one field.
class HeaderBlock {
 public:
  // Unstructured UTF-8 text (Subject); what is not printable ASCII goes into encoded words (RFC 2047 §5 (1)).
  HeaderBlock& text(ByteView name, ByteView utf8);
  // A value that is already as it should be (ASCII, or UTF-8 in a RFC 6532 letter); folded at its blanks only.
  HeaderBlock& structured(ByteView name, ByteView value);
  // Mailboxes and groups; names that need it are quoted or encoded. Addresses outside ASCII stay UTF-8 (RFC 6532).
  HeaderBlock& addresses(ByteView name, std::span<const Address> list);
  HeaderBlock& date(ByteView name, Time time, int offset_minutes = 0);
  // Identifiers, without their angle brackets.
  HeaderBlock& ids(ByteView name, std::span<const std::string> ids);
  // "value; name=x": parameters quoted, or encoded and split, as their values need (RFC 2231 §3, §4).
  HeaderBlock& with_parameters(ByteView name, ByteView value, const ParameterValues& parameters);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A mailbox from its pieces.
Address mailbox(std::string name, std::string local, std::string domain);

// A body part to be.
class Entity {
 public:
  // Text in UTF-8, with LF or CRLF line ends.
  static Entity text(std::string utf8, std::string subtype = "plain");
  // Octets of any type ("application/pdf"), sent as base64.
  static Entity data(std::string type, Bytes bytes);
  // A whole letter inside this one (RFC 2046 §5.2.1), octet by octet.
  static Entity message(Bytes letter);
  // For forms that are ASCII lines by their nature: message/delivery-status, text/rfc822-headers.
  static Entity lines(std::string type, std::string ascii);
  static Entity multipart(std::string subtype, std::vector<Entity> children, ParameterValues parameters = {});

  Entity& attachment(std::string file_name);
  Entity& inlined(std::string file_name = {});
  Entity& content_id(std::string id);
  Entity& description(std::string utf8);

 private:
  friend class Renderer;
  enum class Kind : std::uint8_t { text, data, message, lines, multipart };
  Entity(Kind kind, std::string type, Bytes bytes) : kind_(kind), type_(std::move(type)), bytes_(std::move(bytes)) {}

  Kind kind_;
  std::string type_;
  Bytes bytes_;
  ParameterValues parameters_;
  std::vector<Entity> children_;
  std::string disposition_, file_name_, content_id_, description_;
};

struct BuildOptions {
  bool allow_8bit = false;  // the way takes 8BITMIME: text needs no encoding if its lines are short
};

// The letter: `header`, MIME-Version, the fields that describe `body`, and it. `random` makes the boundaries.
Bytes build_letter(const HeaderBlock& header, const Entity& body, Random& random, BuildOptions options = {});

// An identifier that nobody else makes, without angle brackets: time and 80 random bits at `domain` (RFC 5322 §3.6.4).
std::string make_message_id(Time now, Random& random, ByteView domain);

// `utf8` in encoded words of at most 75 octets, separated by blanks; characters are not split (RFC 2047 §2, §5).
std::string encode_words(ByteView utf8);

}  // namespace chappe::message
