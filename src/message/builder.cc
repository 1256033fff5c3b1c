#include "message/builder.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/transfer.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "message/lexer.h"
#include "message/words.h"

namespace chappe::message {
namespace {

constexpr std::size_t kLine = 78;        // RFC 5322 §2.1.1
constexpr std::size_t kHardLine = 998;   // RFC 5322 §2.1.1
constexpr std::size_t kWord = 75;        // RFC 2047 §2
constexpr std::size_t kLongToken = 900;  // octets without a blank that a line can still hold behind a field name
constexpr char kHex[] = "0123456789ABCDEF";

std::string one_line(ByteView s) {
  std::string out(s);
  for (char& c : out)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  return out;
}

// A field name of the caller's: what no name may hold is dropped (RFC 5322 §2.2).
std::string field_start(ByteView name) {
  std::string out;
  for (const char c : name)
    if (c > ' ' && c < 0x7f && c != ':') out += c;
  return out + ":";
}

// Lays out a field: pieces between which a line may be broken, each with the blanks before it.
class Folder {
 public:
  explicit Folder(ByteView name) : out_(field_start(name)), column_(out_.size()) {}

  void piece(ByteView text, ByteView blanks = " ") {
    if (blanks.empty()) {
      out_ += text;
      column_ += text.size();
      return;
    }
    // A break before the first piece gains nothing unless the piece would fit then.
    const bool too_far = column_ + blanks.size() + text.size() > kLine;
    if (too_far && (!first_ || blanks.size() + text.size() <= kLine)) {
      out_ += "\r\n";
      column_ = 0;
    }
    out_ += blanks;
    out_ += text;
    column_ += blanks.size() + text.size();
    first_ = false;
  }
  std::string finish() { return std::move(out_) + "\r\n"; }

 private:
  std::string out_;
  std::size_t column_;
  bool first_ = true;
};

// `value` as pieces: runs without blanks, each with the blanks before it. A run of blanks too long for any line is cut.
template <class Take>
void each_word(ByteView value, Take take) {
  std::size_t i = 0;
  while (i < value.size()) {
    const std::size_t word = std::min(value.find_first_not_of(" \t", i), value.size());
    const std::size_t end = std::min(value.find_first_of(" \t", word), value.size());
    take(value.substr(i, word - i), value.substr(word, end - word));
    i = end;
  }
}

bool needs_encoding(ByteView word) {
  return word.size() > kLongToken || word.find("=?") != ByteView::npos ||
         std::any_of(word.begin(), word.end(), [](char c) { return is_ctl(c) || is_8bit(c); });
}

// What stands for itself in every place a Q word may stand (RFC 2047 §5 (3)).
bool plain_in_q(char c) { return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/'; }

// The next piece of `rest` whose encoding takes at most `room` octets; whole characters, at least one.
template <class Cost>
ByteView take_piece(ByteView& rest, std::size_t room, Cost cost) {
  const ByteView start = rest;
  std::size_t used = 0, size = 0;
  while (!rest.empty()) {
    ByteView after = rest;
    codec::take_utf8(after);
    const ByteView character = rest.substr(0, rest.size() - after.size());
    used += cost(character);
    if (size > 0 && used > room) break;
    size += character.size();
    rest = after;
  }
  return start.substr(0, size);
}

std::string quote(ByteView text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void put_name(Folder& folder, ByteView name) {
  const std::string text = codec::utf8_repair(one_line(name));
  if (needs_encoding(text) || (text.size() > 60 && text.find_first_of("()<>[]:;@\\,.\"") != std::string::npos)) {
    each_word(encode_words(text), [&](ByteView, ByteView word) { folder.piece(word); });
    return;
  }
  const bool atoms = std::all_of(text.begin(), text.end(), [](char c) { return is_atext(c) || c == ' '; });
  const bool tidy = trim(text) == text && text.find("  ") == std::string::npos;
  if (atoms && tidy) {
    each_word(text, [&](ByteView, ByteView word) { folder.piece(word); });
  } else {
    folder.piece(quote(text));
  }
}

// One parameter as pieces that may stand on lines of their own.
std::vector<std::string> encode_parameter(const std::string& name, const std::string& raw_value) {
  constexpr std::size_t kRoom = 60;  // of a value on a line with its name
  const std::string value = codec::utf8_repair(one_line(raw_value));
  const bool ascii = std::all_of(value.begin(), value.end(), [](char c) { return !is_8bit(c) && !is_ctl(c); });
  if (ascii && value.size() <= kRoom) {
    const bool token = !value.empty() && std::all_of(value.begin(), value.end(), is_token);
    return {name + "=" + (token ? value : quote(value))};
  }
  // RFC 2231 §4.1; attribute-char of RFC 5987 §3.2.1 stands for itself.
  const auto plain = [](char c) { return is_alnum(c) || ByteView("!#$&+-.^_`|~").find(c) != ByteView::npos; };
  const auto cost = [&plain](ByteView character) {
    std::size_t n = 0;
    for (const char c : character) n += plain(c) ? 1 : 3;
    return n;
  };
  std::vector<std::string> pieces;
  for (ByteView rest = value; !rest.empty();) {
    const ByteView piece = take_piece(rest, kRoom - 8, cost);
    std::string coded;
    for (const char c : piece) {
      if (plain(c)) {
        coded += c;
        continue;
      }
      const auto v = static_cast<unsigned char>(c);
      coded += {'%', kHex[v >> 4], kHex[v & 15]};
    }
    pieces.push_back(std::move(coded));
  }
  if (pieces.size() == 1) return {name + "*=utf-8''" + pieces[0]};
  for (std::size_t i = 0; i < pieces.size(); ++i)
    pieces[i] = fmt::format("{}*{}*={}{}", name, i, i == 0 ? "utf-8''" : "", pieces[i]);
  return pieces;
}

}  // namespace

std::string encode_words(ByteView utf8) {
  const std::string text = codec::utf8_repair(utf8);
  const auto q_cost = [](ByteView character) {
    return character.size() == 1 && (plain_in_q(character[0]) || character[0] == ' ') ? 1 : 3 * character.size();
  };
  std::size_t q_size = 0;
  for (const char c : text) q_size += plain_in_q(c) || c == ' ' ? 1 : 3;
  const bool q = q_size <= text.size() / 3 * 4 + 4;
  constexpr std::size_t kRoom = kWord - 12;  // "=?utf-8?q?" and "?="
  std::string out;
  for (ByteView rest = text; !rest.empty();) {
    const ByteView piece = q ? take_piece(rest, kRoom, q_cost)
                             : take_piece(rest, kRoom / 4 * 3, [](ByteView character) { return character.size(); });
    if (!out.empty()) out += ' ';
    out += q ? "=?utf-8?q?" : "=?utf-8?b?";
    if (q) {
      for (const char c : piece) {
        const auto v = static_cast<unsigned char>(c);
        if (c == ' ') {
          out += '_';
        } else if (plain_in_q(c)) {
          out += c;
        } else {
          out += {'=', kHex[v >> 4], kHex[v & 15]};
        }
      }
    } else {
      out += codec::base64_encode(piece);
    }
    out += "?=";
  }
  return out;
}

HeaderBlock& HeaderBlock::text(ByteView name, ByteView utf8) {
  const std::string value = codec::utf8_repair(one_line(utf8));
  Folder folder(name);
  // Blanks at the ends, and runs too long for a line, live only inside encoded words.
  if (trim(value) != value || value.find(std::string(20, ' ')) != std::string::npos) {
    each_word(encode_words(value), [&](ByteView, ByteView word) { folder.piece(word); });
    bytes_ += folder.finish();
    return *this;
  }
  std::string pending;         // words that need encoding, with the blanks between them
  std::string pending_blanks;  // before the first of them
  std::string between;
  const auto flush = [&] {
    if (pending.empty()) return;
    bool first = true;
    each_word(encode_words(pending), [&](ByteView, ByteView word) {
      folder.piece(word, first && !pending_blanks.empty() ? ByteView(pending_blanks) : ByteView(" "));
      first = false;
    });
    pending.clear();
  };
  each_word(value, [&](ByteView blanks, ByteView word) {
    if (needs_encoding(word)) {
      if (pending.empty()) {
        pending_blanks = blanks;
      } else {
        pending += blanks;
      }
      pending += word;
    } else {
      flush();
      folder.piece(word, blanks.empty() ? ByteView(" ") : blanks);
    }
  });
  flush();
  bytes_ += folder.finish();
  return *this;
}

HeaderBlock& HeaderBlock::structured(ByteView name, ByteView value) {
  Folder folder(name);
  each_word(trim(one_line(value)), [&](ByteView, ByteView word) {
    // A token that no line can hold is broken: the letter must stay sendable.
    for (; word.size() > kLongToken; word.remove_prefix(kLongToken)) folder.piece(word.substr(0, kLongToken));
    folder.piece(word);
  });
  bytes_ += folder.finish();
  return *this;
}

HeaderBlock& HeaderBlock::addresses(ByteView name, std::span<const Address> list) {
  Folder folder(name);
  bool in_group = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Address& a = list[i];
    // A comma before the next mailbox or group, a ";" where a group ends.
    const bool more = i + 1 < list.size();
    const bool ends_group = in_group && more && list[i + 1].kind == Address::Kind::group_end;
    if (a.kind == Address::Kind::group_begin) {
      in_group = true;
      put_name(folder, a.name);
      folder.piece(ends_group ? ":;" : ":", "");
      continue;
    }
    if (a.kind == Address::Kind::group_end) {
      in_group = false;
      if (i > 0 && list[i - 1].kind == Address::Kind::group_begin) folder.piece(";", "");
      if (more) folder.piece(",", "");
      continue;
    }
    const std::string tail = ends_group ? ";" : more ? "," : "";
    if (a.name.empty()) {
      folder.piece((a.local.empty() && a.domain.empty() ? "<>" : a.spec()) + tail);
    } else {
      put_name(folder, a.name);
      folder.piece("<" + a.spec() + ">" + tail);
    }
  }
  bytes_ += folder.finish();
  return *this;
}

HeaderBlock& HeaderBlock::date(ByteView name, Time time, int offset_minutes) {
  return structured(name, format_date(time, offset_minutes));
}

HeaderBlock& HeaderBlock::ids(ByteView name, std::span<const std::string> ids) {
  Folder folder(name);
  for (const std::string& id : ids) {
    std::string clean;
    for (const char c : id)
      if (!is_ctl(c) && c != ' ' && c != '<' && c != '>') clean += c;
    if (!clean.empty() && clean.size() < kLongToken) folder.piece("<" + clean + ">");
  }
  bytes_ += folder.finish();
  return *this;
}

HeaderBlock& HeaderBlock::with_parameters(ByteView name, ByteView value, const ParameterValues& parameters) {
  Folder folder(name);
  folder.piece(one_line(value));
  for (const auto& [key, text] : parameters) {
    for (const std::string& piece : encode_parameter(key, text)) {
      folder.piece(";", "");
      folder.piece(piece);
    }
  }
  bytes_ += folder.finish();
  return *this;
}

Address mailbox(std::string name, std::string local, std::string domain) {
  Address a;
  a.name = std::move(name);
  a.local = std::move(local);
  a.domain = std::move(domain);
  return a;
}

std::string make_message_id(Time now, Random& random, ByteView domain) {
  // Base 36 keeps it short; two random words of 64 bits would be enough for a company's lifetime, 80 bits are.
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string out;
  for (auto t = static_cast<std::uint64_t>(std::max<std::int64_t>(now.us, 0)); t != 0; t /= 36) out += kDigits[t % 36];
  std::reverse(out.begin(), out.end());
  out += '.';
  for (int i = 0; i < 16; ++i) out += kDigits[random.below(36)];
  out += '@';
  out += domain;
  return out;
}

// Turns entities into octets, innermost first.
class Renderer {
 public:
  Renderer(Random& random, BuildOptions options) : random_(random), options_(options) {}

  // Header fields and body; `eight_bit` says whether the body holds 8-bit octets as they are.
  std::string render(const Entity& e, HeaderBlock header, bool& eight_bit) {
    std::string body;
    std::string encoding = "7bit";
    ParameterValues parameters = e.parameters_;
    switch (e.kind_) {
      case Entity::Kind::text:
        parameters.emplace_back("charset", codec::is_ascii(e.bytes_) ? "us-ascii" : "utf-8");
        encoding = encode_text(e.bytes_, body);
        break;
      case Entity::Kind::data:
        encoding = "base64";
        body = codec::mime_base64_encode(e.bytes_);
        break;
      case Entity::Kind::message:
        body = e.bytes_;
        if (!codec::is_ascii(body)) encoding = "8bit";
        break;
      case Entity::Kind::lines:
        encoding = encode_text(e.bytes_, body);
        break;
      case Entity::Kind::multipart: {
        // RFC 2046 §5.1.1; "=_" cannot stand in quoted-printable or base64 text.
        const std::string boundary = "=_" + codec::base64url_encode(random_.bytes(18));
        for (const Entity& child : e.children_) {
          bool any = false;
          body += "--" + boundary + "\r\n" + render(child, {}, any) + "\r\n";
          eight_bit = eight_bit || any;
        }
        body += "--" + boundary + "--\r\n";
        parameters.emplace_back("boundary", boundary);
        if (eight_bit) encoding = "8bit";  // RFC 2045 §6.4
        break;
      }
    }
    eight_bit = eight_bit || encoding == "8bit";
    header.with_parameters("Content-Type", e.type_, parameters);
    if (encoding != "7bit") header.structured("Content-Transfer-Encoding", encoding);
    if (!e.disposition_.empty()) {
      ParameterValues file;
      if (!e.file_name_.empty()) file.emplace_back("filename", e.file_name_);
      header.with_parameters("Content-Disposition", e.disposition_, file);
    }
    if (!e.content_id_.empty()) header.ids("Content-ID", std::span(&e.content_id_, 1));
    if (!e.description_.empty()) header.text("Content-Description", e.description_);
    return header.bytes() + "\r\n" + body;
  }

 private:
  // With CRLF line ends, in the plainest encoding that carries it; the name of that.
  std::string encode_text(ByteView text, std::string& body) const {
    std::string lines;
    lines.reserve(text.size() + text.size() / 32);
    std::size_t longest = 0, start = 0, escapes = 0;
    bool hard = false, eight_bit = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
      if (line_end) {
        if (c == '\r') ++i;
        longest = std::max(longest, lines.size() - start);
        lines += "\r\n";
        start = lines.size();
        continue;
      }
      // "From " at the start of a line is changed on many ways (RFC 2049 §3).
      if (lines.size() == start && text.substr(i).starts_with("From ")) hard = true;
      if (c == '\0' || c == '\r') hard = true;
      escapes += is_8bit(c) || (is_ctl(c) && c != '\t') || c == '=';
      eight_bit = eight_bit || is_8bit(c);
      lines += c;
    }
    longest = std::max(longest, lines.size() - start);
    if (!hard && longest <= kHardLine && (!eight_bit || options_.allow_8bit)) {
      body = std::move(lines);
      return eight_bit ? "8bit" : "7bit";
    }
    // An escape costs three octets, base64 a third more for all.
    if (escapes <= text.size() / 6) {
      body = codec::quoted_printable_encode(text);
      return "quoted-printable";
    }
    body = codec::mime_base64_encode(lines);
    return "base64";
  }

  Random& random_;
  const BuildOptions options_;
};

Entity Entity::text(std::string utf8, std::string subtype) {
  return Entity(Kind::text, "text/" + subtype, codec::utf8_repair(utf8));
}
Entity Entity::data(std::string type, Bytes bytes) { return Entity(Kind::data, std::move(type), std::move(bytes)); }
Entity Entity::message(Bytes letter) { return Entity(Kind::message, "message/rfc822", std::move(letter)); }
Entity Entity::lines(std::string type, std::string ascii) {
  return Entity(Kind::lines, std::move(type), std::move(ascii));
}
Entity Entity::multipart(std::string subtype, std::vector<Entity> children, ParameterValues parameters) {
  Entity e(Kind::multipart, "multipart/" + subtype, {});
  e.children_ = std::move(children);
  e.parameters_ = std::move(parameters);
  return e;
}

Entity& Entity::attachment(std::string file_name) {
  disposition_ = "attachment";
  file_name_ = std::move(file_name);
  return *this;
}
Entity& Entity::inlined(std::string file_name) {
  disposition_ = "inline";
  file_name_ = std::move(file_name);
  return *this;
}
Entity& Entity::content_id(std::string id) {
  content_id_ = std::move(id);
  return *this;
}
Entity& Entity::description(std::string utf8) {
  description_ = std::move(utf8);
  return *this;
}

Bytes build_letter(const HeaderBlock& header, const Entity& body, Random& random, BuildOptions options) {
  HeaderBlock top = header;
  top.structured("MIME-Version", "1.0");
  bool eight_bit = false;
  return Renderer(random, options).render(body, std::move(top), eight_bit);
}

}  // namespace chappe::message
