#include "message/words.h"

#include <optional>

#include "base/text.h"
#include "codec/charset.h"
#include "codec/transfer.h"
#include "codec/utf8.h"
#include "message/field.h"

namespace chappe::message {
namespace {

constexpr std::size_t kMaxCharset = 80;  // with the language of RFC 2231 §5

struct Word {
  ByteView charset;  // without language
  char encoding;     // 'b' or 'q'
  ByteView text;
  std::size_t size;  // of all of it
};

// The word at the start of `s`, which begins with "=?". Its text ends before anything that may start another word, so
// that a search through many starts stays linear.
std::optional<Word> scan_word(ByteView s) {
  const std::size_t charset_end = s.substr(0, kMaxCharset + 2).find('?', 2);
  if (charset_end == ByteView::npos || charset_end == 2 || charset_end + 2 >= s.size()) return std::nullopt;
  Word w;
  w.charset = s.substr(2, charset_end - 2);
  if (w.charset.find_first_of(" \t=<>@,;\"") != ByteView::npos) return std::nullopt;
  w.charset = w.charset.substr(0, w.charset.find('*'));  // RFC 2231 §5
  w.encoding = lower(s[charset_end + 1]);
  if ((w.encoding != 'b' && w.encoding != 'q') || s[charset_end + 2] != '?') return std::nullopt;
  const std::size_t begin = charset_end + 3;
  for (std::size_t at = s.find('?', begin); at != ByteView::npos; at = s.find('?', at + 1)) {
    if (at + 1 < s.size() && s[at + 1] == '=') {
      w.text = s.substr(begin, at - begin);
      w.size = at + 2;
      return w;
    }
    if (at > begin && s[at - 1] == '=') return std::nullopt;
  }
  return std::nullopt;
}

// RFC 2047 §4.2
Bytes decode_q(ByteView text, bool& clean) {
  const auto hex = [](char c) {
    return is_digit(c) ? c - '0' : lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
  };
  Bytes out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
      i += 2;
    } else {
      if (text[i] == '=') clean = false;
      out += text[i];
    }
  }
  return out;
}

class Decoder {
 public:
  explicit Decoder(Findings* findings) : findings_(findings) {}

  void literal(ByteView text) {
    flush();
    put(codec::utf8_valid(text) ? std::string(text) : codec::to_utf8(text, "").text);
  }
  void word(const Word& w) {
    if (!charset_ || !iequals(*charset_, w.charset)) flush();
    charset_ = w.charset;
    bool clean = w.text.find_first_of(" \t") == ByteView::npos;
    if (w.encoding == 'q') {
      bytes_ += decode_q(w.text, clean);
    } else {
      codec::Base64Decoder decoder;
      decoder.feed(w.text, bytes_);
      decoder.finish(bytes_);
      clean = clean && decoder.clean();
    }
    if (!clean) found(Finding::word_invalid);
  }
  std::string finish() {
    flush();
    return std::move(out_);
  }
  void found(Finding id) {
    if (findings_ != nullptr) findings_->add(id);
  }

 private:
  // Words are converted together as long as their charset is the same: characters may be split between them, although
  // RFC 2047 §5 forbids it.
  void flush() {
    if (!charset_) return;
    const codec::Converted c = codec::to_utf8(bytes_, *charset_);
    if (!c.known) found(Finding::word_charset_unknown);
    if (c.errors != 0) found(Finding::word_invalid);
    for (const char ch : c.text) {
      if (!is_ctl(ch) || ch == '\t') continue;
      found(Finding::word_control);
      break;
    }
    put(c.text);
    bytes_.clear();
    charset_.reset();
  }
  void put(ByteView text) {
    for (const char c : text) {
      if (c == '\0') {
        codec::append_utf8(out_, codec::kReplacement);
      } else {
        out_ += c == '\r' || c == '\n' ? ' ' : c;
      }
    }
  }

  Findings* findings_;
  std::string out_;
  Bytes bytes_;
  std::optional<ByteView> charset_;
};

}  // namespace

std::string decode_text(ByteView value, Findings* findings) {
  const std::string text = unfold(value);
  const ByteView s = text;
  Decoder decoder(findings);
  std::size_t literal = 0;  // start of what is not decoded
  bool after_word = false;
  for (std::size_t at = s.find("=?"); at != ByteView::npos; at = s.find("=?", at)) {
    const auto w = scan_word(s.substr(at));
    if (!w) {
      decoder.found(Finding::word_invalid);
      at += 2;
      continue;
    }
    const ByteView between = s.substr(literal, at - literal);
    // RFC 2047 §6.2: blanks between words are not text.
    if (!after_word || !trim(between).empty()) {
      if (!between.empty()) decoder.literal(between);
    }
    decoder.word(*w);
    at += w->size;
    literal = at;
    after_word = true;
  }
  if (literal < s.size()) decoder.literal(s.substr(literal));
  return decoder.finish();
}

bool has_encoded_word(ByteView text) {
  for (std::size_t at = text.find("=?"); at != ByteView::npos; at = text.find("=?", at + 2))
    if (scan_word(text.substr(at))) return true;
  return false;
}

}  // namespace chappe::message
