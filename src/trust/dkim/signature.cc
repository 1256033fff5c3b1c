#include "trust/dkim/signature.h"

#include <algorithm>

#include "base/text.h"
#include "codec/idna.h"
#include "codec/utf8.h"
#include "trust/dkim/tag_list.h"

namespace chappe::trust::dkim {
namespace {

constexpr std::size_t kMaxTimeDigits = 12;    // RFC 6376 §3.5 `t=`, `x=`
constexpr std::size_t kMaxLengthDigits = 76;  // RFC 6376 §3.5 `l=`
constexpr std::size_t kMaxMethods = 20;       // in `q=`

struct AlgorithmRow {
  std::string_view name;
  crypto::KeyKind key;
  crypto::DigestKind digest;
};
// RFC 6376 §3.3, RFC 8463 §3
constexpr AlgorithmRow kAlgorithms[] = {
    {"rsa-sha256", crypto::KeyKind::rsa, crypto::DigestKind::sha256},
    {"ed25519-sha256", crypto::KeyKind::ed25519, crypto::DigestKind::sha256},
    {"rsa-sha1", crypto::KeyKind::rsa, crypto::DigestKind::sha1},
};

std::optional<Canon> canon_of(ByteView word) {
  if (iequals(word, "simple")) return Canon::simple;
  if (iequals(word, "relaxed")) return Canon::relaxed;
  return std::nullopt;
}

bool is_field_name(ByteView name) {
  // RFC 5322 §3.6.8: ftext
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

class Reader {
 public:
  Reader(const TagList& tags, Signature& out) : tags_(tags), out_(out) {}

  void read() {
    algorithm();
    value();
    domain();
    selector();
    if (out_.form == Form::dkim) {
      // RFC 6376 §3.5
      if (const auto v = required("v"); v && *v != "1") note(Reason::version, "v=" + printable(*v, 20));
      identity();
    } else if (const auto i = required("i")) {
      const auto instance = parse_instance(*i);
      if (!instance) note(Reason::instance_invalid, "i=" + printable(*i, 20));
      out_.instance = instance.value_or(0);
    }
    if (out_.form == Form::arc_seal) {
      seal();
    } else {
      canon();
      body();
      fields();
    }
    times();
  }

 private:
  // The first fault counts.
  void note(Reason reason, std::string detail) {
    if (!out_.fault) out_.fault = Fault{reason, std::move(detail)};
  }
  std::optional<ByteView> required(std::string_view name) {
    const auto value = tags_.value(name);
    if (!value) note(Reason::missing_tag, std::string(name) + "=");
    return value;
  }

  void algorithm() {
    const auto a = required("a");
    if (!a) return;
    out_.algorithm = printable(*a, 40);
    for (const AlgorithmRow& row : kAlgorithms) {
      if (!iequals(*a, row.name)) continue;
      out_.key_kind = row.key;
      out_.digest_kind = row.digest;
      return;
    }
    note(Reason::algorithm_unknown, "a=" + out_.algorithm);
  }

  void value() {
    const Tag* b = tags_.find("b");
    if (!required("b")) return;
    out_.b_begin = b->begin;
    out_.b_end = b->end;
    auto octets = base64_with_blanks(b->value);
    if (!octets || octets->empty()) return note(Reason::bad_value, "b= is no base64");
    out_.value = std::move(*octets);
  }

  void domain() {
    const auto d = required("d");
    if (!d) return;
    auto name = signing_domain(*d);
    if (!name) return note(Reason::domain_invalid, "d=" + printable(*d, 100));
    out_.domain = std::move(*name);
  }

  void selector() {
    const auto s = required("s");
    if (!s) return;
    auto name = selector_name(*s);
    if (!name) return note(Reason::selector_invalid, "s=" + printable(*s, 100));
    out_.selector = std::move(*name);
  }

  void identity() {
    // RFC 6376 §3.5: without it, "@" and d=.
    out_.identity_domain = out_.domain;
    const auto i = tags_.value("i");
    if (!i) return;
    const auto wrong = [&] { note(Reason::identity_invalid, "i=" + printable(*i, 100)); };
    const auto text = unquote(*i);
    if (!text) return wrong();
    const std::size_t at = text->rfind('@');
    if (at == std::string::npos) return wrong();
    auto name = signing_domain(ByteView(*text).substr(at + 1));
    if (!name) return wrong();
    out_.identity_local = codec::utf8_repair(text->substr(0, at));
    out_.identity_domain = std::move(*name);
    // RFC 6376 §6.1.1
    if (!out_.domain.empty() && !is_under(out_.identity_domain, out_.domain))
      note(Reason::identity_elsewhere, out_.identity_domain + " is not under " + out_.domain);
  }

  void seal() {
    // RFC 8617 §4.1.3
    for (const char* name : {"h", "bh"})
      if (tags_.find(name) != nullptr) note(Reason::tag_not_allowed, std::string(name) + "=");
    out_.header_canon = Canon::relaxed;
    const auto cv = required("cv");
    if (!cv) return;
    out_.chain = to_lower(*cv);
    if (out_.chain != "none" && out_.chain != "pass" && out_.chain != "fail")
      note(Reason::bad_value, "cv=" + printable(*cv, 20));
  }

  void canon() {
    const auto c = tags_.value("c");
    if (!c) return;
    // RFC 6376 §3.5: without a second word the body is simple.
    const std::size_t slash = c->find('/');
    const auto header = canon_of(c->substr(0, slash));
    const auto body = slash == ByteView::npos ? Canon::simple : canon_of(c->substr(slash + 1));
    if (!header || !body) return note(Reason::canon_unknown, "c=" + printable(*c, 40));
    out_.header_canon = *header;
    out_.body_canon = *body;
  }

  void body() {
    if (const auto bh = required("bh")) {
      auto octets = base64_with_blanks(*bh);
      if (!octets || octets->size() != (out_.digest_kind == crypto::DigestKind::sha1 ? 20u : 32u))
        note(Reason::bad_value, "bh= is no hash in base64");
      else
        out_.body_hash = std::move(*octets);
    }
    if (const auto l = tags_.value("l")) {
      const bool digits = !l->empty() && l->size() <= kMaxLengthDigits && std::ranges::all_of(*l, is_digit);
      if (!digits) return note(Reason::bad_value, "l=" + printable(*l, 80));
      out_.length = decimal(*l, kMaxLengthDigits).value_or(UINT64_MAX);
    }
    if (const auto q = tags_.value("q")) {
      const auto methods = colon_list(*q, kMaxMethods);
      if (!methods || std::ranges::none_of(*methods, [](ByteView m) { return iequals(m, "dns/txt"); }))
        note(Reason::query_unknown, "q=" + printable(*q, 60));
    }
  }

  void fields() {
    const auto h = required("h");
    if (!h) return;
    const auto names = colon_list(*h, kMaxSignedFields);
    if (!names || !std::ranges::all_of(*names, is_field_name))
      return note(Reason::fields_invalid, "h=" + printable(*h, 100));
    out_.fields.assign(names->begin(), names->end());
    const auto has = [&](ByteView name) {
      return std::ranges::any_of(*names, [name](ByteView n) { return iequals(n, name); });
    };
    // RFC 6376 §5.4
    if (!has("From")) note(Reason::from_not_signed, {});
    // RFC 8617 §4.1.2 forbids all fields of ARC here; there are sealers that sign their ARC-Authentication-Results, and
    // nothing is lost by it. The seal is made last and cannot be signed by what it seals.
    if (out_.form == Form::arc_message && has("ARC-Seal")) note(Reason::fields_invalid, "h= names ARC-Seal");
  }

  void times() {
    const auto read_time = [&](std::string_view name) -> std::optional<std::uint64_t> {
      const auto text = tags_.value(name);
      if (!text) return std::nullopt;
      const auto seconds = decimal(*text, kMaxTimeDigits);
      if (!seconds) note(Reason::time_invalid, std::string(name) + "=" + printable(*text, 40));
      return seconds;
    };
    out_.made = read_time("t");
    if (out_.form == Form::arc_seal) return;
    out_.expires = read_time("x");
    // RFC 6376 §3.5
    if (out_.made && out_.expires && *out_.expires <= *out_.made)
      note(Reason::expires_too_soon, std::to_string(*out_.expires) + " is not after " + std::to_string(*out_.made));
  }

  const TagList& tags_;
  Signature& out_;
};

}  // namespace

Signature parse_signature(const message::Field& field, Form form) {
  Signature out;
  out.form = form;
  const auto tags = TagList::parse(field.value());
  if (!tags) {
    const bool duplicate = tags.error().fault == TagFault::duplicate;
    out.fault = Fault{duplicate ? Reason::duplicate_tag : Reason::not_a_tag_list, tags.error().text()};
    return out;
  }
  Reader(*tags, out).read();
  return out;
}

std::optional<std::uint32_t> parse_instance(ByteView value) {
  const auto number = decimal(value, 2);
  if (!number || *number == 0 || *number > kMaxInstance) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::optional<std::string> signing_domain(ByteView value) {
  auto name = codec::domain_to_ascii(value);
  if (!name || !name->contains('.')) return std::nullopt;
  return std::move(*name);
}

std::optional<std::string> selector_name(ByteView value) {
  if (!codec::is_ascii(value)) {
    auto name = codec::domain_to_ascii(value);
    if (!name) return std::nullopt;
    return std::move(*name);
  }
  if (value.size() > codec::kMaxDomain) return std::nullopt;
  for (const ByteView label : split(value, '.')) {
    if (label.empty() || label.size() > codec::kMaxLabel || label.starts_with('-') || label.ends_with('-'))
      return std::nullopt;
    if (!std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; })) return std::nullopt;
  }
  return to_lower(value);
}

bool is_under(std::string_view domain, std::string_view ancestor) {
  if (!domain.ends_with(ancestor)) return false;
  return domain.size() == ancestor.size() || domain[domain.size() - ancestor.size() - 1] == '.';
}

}  // namespace chappe::trust::dkim
