#include "trust/dmarc/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "trust/mail_domain.h"

namespace chappe::trust::dmarc {
namespace {

constexpr std::string_view kBlanks = " \t";  // WSP of RFC 5234
constexpr std::string_view kVersion = "DMARC1";

constexpr std::array<std::string_view, 11> kTags = {"v",   "p",   "sp",    "np",   "psd", "t",
                                                    "rua", "ruf", "adkim", "aspf", "fo"};
constexpr std::array<std::string_view, 3> kObsolete = {"pct", "rf", "ri"};  // RFC 9989 §9.3, appendix C.5.2

std::optional<Policy> policy_of(std::string_view value) {
  for (const Policy p : {Policy::none, Policy::quarantine, Policy::reject})
    if (iequals(value, policy_name(p))) return p;
  return std::nullopt;
}

// dmarc-value = %x20-3A / %x3C-7E
bool printable_ascii(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// RFC 3986 §2: what a URI may consist of.
bool uri_octets(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const auto hex = [&](std::size_t at) {
        return at < text.size() && (is_digit(text[at]) || (lower(text[at]) >= 'a' && lower(text[at]) <= 'f'));
      };
      if (!hex(i + 1) || !hex(i + 2)) return false;
    } else if (!is_alnum(c) && std::string_view("-._~:/?#[]@$&'()*+;=").find(c) == std::string_view::npos) {
      return false;  // "," and "!" must be encoded (RFC 9989 §4.8)
    }
  }
  return true;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// obs-dmarc-report-size = "!" 1*DIGIT [ "k" / "m" / "g" / "t" ]
bool is_size(std::string_view text) {
  if (!text.empty() && std::string_view("kmgt").find(lower(text.back())) != std::string_view::npos)
    text.remove_suffix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

class Parser {
 public:
  explicit Parser(ByteView text) : text_(text) {}

  Reading run() {
    if (!version()) return std::move(out_);
    std::size_t tags = 0;
    while (at_ < text_.size()) {
      ++at_;  // the ";" before it
      const std::size_t end = std::min(text_.find(';', at_), text_.size());
      if (++tags >= Record::kMaxTags) {
        found(Flaw::tags_too_many, at_);
        break;
      }
      tag(at_, text_.substr(at_, end - at_), end == text_.size());
      at_ = end;
    }
    decide();
    return std::move(out_);
  }

 private:
  void found(Flaw flaw, std::size_t at, std::string_view what = {}) {
    if (out_.flaws.size() < Reading::kMaxFlaws) out_.flaws.push_back({flaw, at, printable(what, 60)});
  }

  // RFC 9989 §4.7: v is the first tag, and exactly DMARC1. False: it is no record.
  bool version() {
    at_ = std::min(text_.find(';'), text_.size());
    const ByteView first = text_.substr(0, at_);
    const std::size_t equals = first.find('=');
    const std::string_view value = equals == ByteView::npos ? first : trim(first.substr(equals + 1), kBlanks);
    if (equals != ByteView::npos && iequals(trim(first.substr(0, equals), kBlanks), "v")) {
      if (value == kVersion && !is_wsp(first.front())) {
        if (first.front() == 'V') found(Flaw::tag_case, 0, "V");
        record_.text = text_;
        return true;
      }
      found(value == kVersion          ? Flaw::version_blank
            : iequals(value, kVersion) ? Flaw::version_case
                                       : Flaw::version_other,
            0, value);
      return false;
    }
    // Is there one further on? Then somebody meant a record.
    for (std::size_t at = at_; at < text_.size();) {
      const std::size_t end = std::min(text_.find(';', at + 1), text_.size());
      const ByteView later = trim(text_.substr(at + 1, end - at - 1), kBlanks);
      if (istarts_with(later, "v") && trim(later.substr(1), kBlanks).starts_with('=') &&
          trim(later.substr(later.find('=') + 1), kBlanks) == kVersion) {
        found(Flaw::version_late, at + 1);
        return false;
      }
      at = end;
    }
    found(Flaw::not_dmarc, 0);
    return false;
  }

  void tag(std::size_t at, ByteView spec, bool last) {
    if (trim(spec, kBlanks).empty()) {
      if (!last) found(Flaw::tag_empty, at);  // one ";" may end the record
      return;
    }
    at += spec.find_first_not_of(kBlanks);
    const std::size_t equals = spec.find('=');
    const std::string_view name = trim(spec.substr(0, equals), kBlanks);
    const bool letters = !name.empty() && std::all_of(name.begin(), name.end(), is_alpha);
    const std::string_view value =
        equals == ByteView::npos ? std::string_view() : trim(spec.substr(equals + 1), kBlanks);
    if (equals == ByteView::npos || !letters) return found(Flaw::tag_malformed, at, trim(spec, kBlanks));
    const std::string key = to_lower(name);
    const auto known = std::find(kTags.begin(), kTags.end(), key);
    if (known == kTags.end()) {
      const bool obsolete = std::find(kObsolete.begin(), kObsolete.end(), key) != kObsolete.end();
      return found(obsolete ? Flaw::tag_obsolete : Flaw::tag_unknown, at, trim(spec, kBlanks));
    }
    if (name != key) found(Flaw::tag_case, at, name);
    const std::uint32_t bit = std::uint32_t{1} << (known - kTags.begin());
    if ((seen_ & bit) != 0) return found(Flaw::tag_duplicate, at, name);
    seen_ |= bit;
    if (!printable_ascii(value)) found(Flaw::tag_octets, at, value);
    // A value that cannot be is invalid for its tag, too.
    set(key, printable_ascii(value) ? value : std::string_view(), at);
  }

  void set(std::string_view key, std::string_view value, std::size_t at) {
    if (key == "p") return set_policy(record_.p, Flaw::p_invalid, value, at);
    if (key == "sp") return set_policy(record_.sp, Flaw::sp_invalid, value, at);
    if (key == "np") return set_policy(record_.np, Flaw::np_invalid, value, at);
    if (key == "adkim") return set_mode(record_.adkim, Flaw::adkim_invalid, value, at);
    if (key == "aspf") return set_mode(record_.aspf, Flaw::aspf_invalid, value, at);
    if (key == "rua") return set_uris(record_.rua, value, at);
    if (key == "ruf") return set_uris(record_.ruf, value, at);
    if (key == "psd") {
      record_.psd = iequals(value, "y") ? Psd::yes : iequals(value, "n") ? Psd::no : Psd::unsaid;
      if (record_.psd == Psd::unsaid && !iequals(value, "u")) found(Flaw::psd_invalid, at, value);
    } else if (key == "t") {
      record_.test = iequals(value, "y");
      if (!record_.test && !iequals(value, "n")) found(Flaw::t_invalid, at, value);
    } else if (key == "fo") {
      set_fo(value, at);
    }
  }

  void set_policy(std::optional<Policy>& to, Flaw flaw, std::string_view value, std::size_t at) {
    to = policy_of(value);
    if (to) return;
    found(flaw, at, value);
    policy_invalid_ = true;
    p_invalid_ = p_invalid_ || &to == &record_.p;
  }

  void set_mode(Mode& to, Flaw flaw, std::string_view value, std::size_t at) {
    to = iequals(value, "s") ? Mode::strict : Mode::relaxed;
    if (to == Mode::relaxed && !iequals(value, "r")) found(flaw, at, value);
  }

  // dmarc-fo: 0 and 1 exclude each other, and nothing stands twice.
  void set_fo(std::string_view value, std::size_t at) {
    FailureOptions fo{false, false, false, false};
    for (const std::string_view option : split(value, ':')) {
      const std::string_view o = trim(option, kBlanks);
      bool* const to = o == "0"          ? &fo.all_fail
                       : o == "1"        ? &fo.any_fails
                       : iequals(o, "d") ? &fo.dkim
                       : iequals(o, "s") ? &fo.spf
                                         : nullptr;
      if (to == nullptr || *to) return found(Flaw::fo_invalid, at, value);
      *to = true;
    }
    if (fo.all_fail && fo.any_fails) return found(Flaw::fo_invalid, at, value);
    record_.fo = fo;
  }

  void set_uris(std::vector<Uri>& to, std::string_view value, std::size_t at) {
    std::size_t count = 0;
    for (const std::string_view piece : split(value, ',')) {
      if (++count > Record::kMaxUris) return found(Flaw::uris_too_many, at);
      std::string_view text = trim(piece, kBlanks);
      const std::size_t size_at = text.find('!');
      if (size_at != std::string_view::npos && is_size(text.substr(size_at + 1))) {
        found(Flaw::uri_size, at, text);
        text = text.substr(0, size_at);
      }
      std::optional<Uri> uri = uri_of(text);
      if (!uri) {
        found(Flaw::uri_invalid, at, text);
        continue;
      }
      if (uri->mailbox.empty()) found(Flaw::uri_scheme, at, text);
      to.push_back(std::move(*uri));
    }
  }

  static std::optional<Uri> uri_of(std::string_view text) {
    // RFC 3986 §3.1
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
    const std::string_view scheme = text.substr(0, colon);
    if (!is_alpha(scheme.front()) || !std::all_of(scheme.begin(), scheme.end(), [](char c) {
          return is_alnum(c) || c == '+' || c == '-' || c == '.';
        }))
      return std::nullopt;
    if (!uri_octets(text.substr(colon + 1))) return std::nullopt;
    Uri out;
    out.text = text;
    if (!iequals(scheme, "mailto")) return out;
    // RFC 6068 §2: one address, in ASCII (RFC 8616 §6); what follows "?" are header fields, which nobody sets in a
    // report.
    const std::string_view to = text.substr(colon + 1, text.find('?', colon) - colon - 1);
    const std::string decoded = percent_decoded(to);
    const std::size_t at = decoded.rfind('@');
    if (at == std::string::npos) return std::nullopt;
    const auto domain = mail_domain(std::string_view(decoded).substr(at + 1));
    if (!domain || !codec::is_ascii(decoded) || !message::is_dot_atom(std::string_view(decoded).substr(0, at)))
      return std::nullopt;
    out.mailbox = decoded;
    out.domain = *domain;
    return out;
  }

  // RFC 9989 §4.10.1
  void decide() {
    if (!record_.p && !p_invalid_) found(Flaw::p_missing, 0);
    if (!record_.p || policy_invalid_) {
      record_.standing = !record_.rua.empty() ? Standing::taken_as_none
                         : policy_invalid_    ? Standing::broken
                                              : Standing::without_policy;
      found(record_.rua.empty() ? Flaw::not_applied : Flaw::read_as_none, 0);
    }
    out_.record = std::move(record_);
  }

  const ByteView text_;
  std::size_t at_ = 0;
  std::uint32_t seen_ = 1;       // v
  bool policy_invalid_ = false;  // of p, sp or np
  bool p_invalid_ = false;
  Record record_;
  Reading out_;
};

}  // namespace

std::string_view policy_name(Policy policy) {
  switch (policy) {
    case Policy::none:
      return "none";
    case Policy::quarantine:
      return "quarantine";
    case Policy::reject:
      return "reject";
  }
  std::unreachable();
}

bool Reading::has(Flaw flaw) const {
  return std::any_of(flaws.begin(), flaws.end(), [&](const Flawed& f) { return f.flaw == flaw; });
}

Reading parse_record(ByteView text) { return Parser(text).run(); }

Reading lint(ByteView text) {
  Reading out = parse_record(text);
  if (!out.record) return out;
  const Record& r = *out.record;
  const auto advise = [&](Flaw flaw) { out.flaws.push_back({flaw, 0, {}}); };
  const Policy p = r.standing == Standing::usable ? r.p.value_or(Policy::none) : Policy::none;
  const Policy sp = r.sp.value_or(p), np = r.np.value_or(sp);
  if (r.applies() && p == Policy::none) advise(r.rua.empty() ? Flaw::monitoring_blind : Flaw::policy_none);
  if (p != Policy::none && r.rua.empty()) advise(Flaw::rua_missing);
  if (r.standing == Standing::usable) {
    if (sp < p) advise(Flaw::subdomains_weaker);
    if (np < sp) advise(Flaw::nonexistent_weaker);
  }
  if (r.test && p == Policy::none && sp == Policy::none && np == Policy::none) advise(Flaw::test_without_effect);
  for (const Flawed& f : std::vector(out.flaws)) {
    if (f.flaw != Flaw::tag_obsolete || !istarts_with(f.what, "pct")) continue;
    const std::size_t equals = f.what.find('=');
    if (trim(std::string_view(f.what).substr(equals + 1)) != "100") advise(Flaw::pct_lost);
  }
  if (r.ruf.empty() && !(r.fo == FailureOptions{})) advise(Flaw::fo_without_ruf);
  if (r.psd == Psd::yes) advise(Flaw::psd_yes);
  return out;
}

}  // namespace chappe::trust::dmarc
