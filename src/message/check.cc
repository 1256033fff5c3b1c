#include "message/check.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/body.h"
#include "message/content.h"
#include "message/date.h"
#include "message/ids.h"
#include "message/words.h"

namespace chappe::message {
namespace {

constexpr std::size_t kMaxLine = 998;  // RFC 5322 §2.1.1, without CRLF

class Checker {
 public:
  explicit Checker(const Letter& letter) : letter_(letter), out_(letter.findings()) {}

  Findings run(CheckOptions options) {
    octets();
    author();
    for (const Part& p : letter_.parts()) {
      header(p);
      if (options.bodies && p.kind == Part::Kind::leaf) body(p);
    }
    return std::move(out_);
  }

 private:
  void octets() {
    const ByteView bytes = letter_.bytes();
    const Part& root = letter_.root();
    const std::size_t nul = bytes.find('\0');
    if (nul != ByteView::npos && nul < root.body) out_.add(Finding::nul_in_header, nul);
    const std::size_t body_nul = nul == ByteView::npos ? nul : bytes.find('\0', std::max(nul, root.body));
    if (body_nul != ByteView::npos) out_.add(Finding::nul_in_body, body_nul);
    // The first of each kind is enough.
    std::size_t start = 0;
    for (std::size_t cr = bytes.find('\r'); cr != ByteView::npos; cr = bytes.find('\r', cr + 1)) {
      if (cr + 1 < bytes.size() && bytes[cr + 1] == '\n') continue;
      out_.add(Finding::bare_cr, cr);
      break;
    }
    bool bare_lf = false, too_long = false;
    for (std::size_t lf = bytes.find('\n'); !(bare_lf && too_long); lf = bytes.find('\n', start)) {
      const std::size_t end = std::min(lf, bytes.size());
      const bool crlf = end > start && bytes[end - 1] == '\r';
      if (!bare_lf && lf != ByteView::npos && !crlf) {
        out_.add(Finding::bare_lf, lf);
        bare_lf = true;
      }
      if (!too_long && end - start - (crlf ? 1 : 0) > kMaxLine) {
        out_.add(Finding::long_line, start);
        too_long = true;
      }
      if (lf == ByteView::npos) break;
      start = lf + 1;
    }
  }

  // RFC 5322 §3.6, RFC 9989 §11.5: who wrote this must have one answer.
  void author() {
    const Part& root = letter_.root();
    const std::size_t fields = letter_.count(root, FieldName::from);
    std::size_t authors = 0;
    for (const Field& f : letter_.fields()) {
      if (f.id() != FieldName::from) continue;
      for (const Address& a : parse_addresses(f.value()).entries) {
        if (a.kind == Address::Kind::group_begin) out_.add(Finding::from_group, f.offset());
        authors += a.is_mailbox() && !(a.local.empty() && a.domain.empty());
      }
    }
    if (fields > 1) out_.add(Finding::from_multiple, letter_.find(FieldName::from)->offset());
    if (authors == 0) out_.add(Finding::from_missing);
    if (authors > 1) {
      out_.add(Finding::from_several_authors, letter_.find(FieldName::from)->offset());
      if (letter_.find(FieldName::sender) == nullptr) out_.add(Finding::sender_missing);
    }
    if (letter_.find(FieldName::date) == nullptr) out_.add(Finding::date_missing);
    if (letter_.find(FieldName::message_id) == nullptr) out_.add(Finding::message_id_missing);
  }

  static bool unique(FieldName id) {
    using enum FieldName;
    switch (id) {
      case from:
      case sender:
      case reply_to:
      case to:
      case cc:
      case bcc:
      case subject:
      case date:
      case message_id:
      case in_reply_to:
      case references:
      case content_type:
      case content_transfer_encoding:
      case content_disposition:
      case content_id:
      case content_description:
      case mime_version:
        return true;
      default:
        return false;
    }
  }

  void header(const Part& p) {
    std::uint64_t seen = 0;
    for (const Field& f : letter_.fields(p)) {
      const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(f.id());
      if (unique(f.id()) && (seen & bit) != 0)
        out_.add(Finding::duplicate_field, f.offset(), p.index);  // RFC 5322 §3.6
      seen |= bit;
      if (!codec::utf8_valid(f.value())) out_.add(Finding::raw_8bit_header, f.offset(), p.index);
      value(p, f);
    }
  }

  void value(const Part& p, const Field& f) {
    const auto add = [&](const Findings& findings) { out_.add(findings, f.offset(), p.index); };
    switch (f.id()) {
      using enum FieldName;
      case from:
      case sender:
      case reply_to:
      case to:
      case cc:
      case bcc:
      case resent_from:
      case resent_sender:
      case resent_to:
      case resent_cc:
      case resent_bcc:
        add(parse_addresses(f.value()).findings);
        break;
      case date:
      case resent_date:
        if (!parse_date(f.value())) out_.add(Finding::date_invalid, f.offset(), p.index);
        break;
      case message_id:
      case in_reply_to:
      case references:
        add(parse_message_ids(f.value()).findings);
        break;
      case content_type:
        add(parse_content_type(f.value()).parameters.findings);
        break;
      case content_disposition:
        add(parse_disposition(f.value()).parameters.findings);
        break;
      case subject:
      case content_description: {
        Findings findings;
        decode_text(f.value(), &findings);
        add(findings);
        break;
      }
      default:
        break;
    }
  }

  void body(const Part& p) {
    Findings findings;
    if (p.is_text()) {
      decode_text_body(letter_, p, &findings);
    } else {
      decode_body(letter_, p, &findings);
    }
    out_.add(findings, p.body, p.index);
  }

  const Letter& letter_;
  Findings out_;
};

}  // namespace

Findings check(const Letter& letter, CheckOptions options) { return Checker(letter).run(options); }

}  // namespace chappe::message
