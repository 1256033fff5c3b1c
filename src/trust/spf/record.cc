#include "trust/spf/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace chappe::trust::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";

// What may stand behind the name of a mechanism.
enum class Argument : std::uint8_t { none, domain, domain_or_prefix, network };

struct Mechanism {
  std::string_view name;
  TermKind kind;
  Argument argument;
  bool required;
};
constexpr std::array<Mechanism, 8> kMechanisms = {{
    {"all", TermKind::all, Argument::none, false},            // RFC 7208 §5.1
    {"include", TermKind::include, Argument::domain, true},   // RFC 7208 §5.2
    {"a", TermKind::a, Argument::domain_or_prefix, false},    // RFC 7208 §5.3
    {"mx", TermKind::mx, Argument::domain_or_prefix, false},  // RFC 7208 §5.4
    {"ptr", TermKind::ptr, Argument::domain, false},          // RFC 7208 §5.5
    {"ip4", TermKind::ip4, Argument::network, true},          // RFC 7208 §5.6
    {"ip6", TermKind::ip6, Argument::network, true},          // RFC 7208 §5.6
    {"exists", TermKind::exists, Argument::domain, true},     // RFC 7208 §5.7
}};

using Outcome = std::optional<SyntaxFault>;  // places are those in the term until read_term is done

bool is_name_char(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }

// "0", or digits without leading zeros, up to `most` (RFC 7208 §5.6).
std::optional<unsigned> prefix_length(std::string_view digits, unsigned most) {
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const auto value = to_number<unsigned>(digits);
  if (!value || *value > most) return std::nullopt;
  return value;
}

bool all_digits(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), is_digit); }

class TermReader {
 public:
  explicit TermReader(std::string_view text) : text_(text) {}

  Outcome read(Term& out) {
    if (const auto bad = std::find_if(text_.begin(), text_.end(), [](char c) { return is_ctl(c) || is_8bit(c); });
        bad != text_.end())
      return SyntaxFault{Flaw::bad_character, static_cast<std::size_t>(bad - text_.begin()), 1};
    std::size_t i = 0;
    const bool qualified = std::string_view("+-~?").contains(text_[0]);
    if (qualified) out.qualifier = static_cast<Qualifier>(text_[i++]);
    if (i == text_.size() || !is_alpha(text_[i])) return whole(Flaw::bad_name);
    const std::size_t begin = i;
    while (i < text_.size() && is_name_char(text_[i])) ++i;
    out.name = text_.substr(begin, i - begin);
    // RFC 7208 §4.6.1: a modifier has its "=" right behind the name.
    if (i < text_.size() && text_[i] == '=')
      return qualified ? whole(Flaw::qualified_modifier) : read_modifier(out, i + 1);
    return read_mechanism(out, i);
  }

 private:
  Outcome whole(Flaw flaw) const { return SyntaxFault{flaw, 0, text_.size()}; }
  Outcome from(Flaw flaw, std::size_t at) const { return SyntaxFault{flaw, at, text_.size() - at}; }

  Outcome read_macros(Term& out, std::size_t at, std::size_t size, MacroString::Kind kind) {
    auto parsed = MacroString::parse(text_.substr(at, size), kind);
    if (!parsed) {
      SyntaxFault fault = parsed.error();
      fault.at += at;
      return fault.flaw == Flaw::argument_missing ? whole(fault.flaw) : fault;
    }
    out.domain = std::move(*parsed);
    return std::nullopt;
  }

  Outcome read_modifier(Term& out, std::size_t value) {
    out.kind = iequals(out.name, "redirect") ? TermKind::redirect
               : iequals(out.name, "exp")    ? TermKind::exp
                                             : TermKind::unknown_modifier;
    // RFC 7208 §6.1, §6.2; a name that is known is no unknown-modifier when its value is wrong.
    return read_macros(
        out, value, text_.npos,
        out.kind == TermKind::unknown_modifier ? MacroString::Kind::macro_string : MacroString::Kind::domain_spec);
  }

  Outcome read_mechanism(Term& out, std::size_t at) {
    const auto row = std::find_if(kMechanisms.begin(), kMechanisms.end(),
                                  [&](const Mechanism& m) { return iequals(m.name, out.name); });
    if (row == kMechanisms.end()) return whole(Flaw::unknown_mechanism);
    out.kind = row->kind;
    if (at == text_.size()) return row->required ? whole(Flaw::argument_missing) : std::nullopt;
    switch (row->argument) {
      case Argument::none:
        return from(Flaw::argument_unexpected, at);
      case Argument::domain:
        if (text_[at] != ':') return from(Flaw::argument_unexpected, at);
        return read_macros(out, at + 1, text_.npos, MacroString::Kind::domain_spec);
      case Argument::domain_or_prefix:
        return read_domain_or_prefix(out, at);
      case Argument::network:
        return read_network(out, at);
    }
    return std::nullopt;
  }

  // RFC 7208 §5.6: dual-cidr-length, from the right, because a domain-spec may hold slashes.
  Outcome read_domain_or_prefix(Term& out, std::size_t at) {
    std::size_t end = text_.size();
    const std::size_t six = text_.rfind("//");
    if (six != text_.npos && six >= at && all_digits(text_.substr(six + 2))) {
      const auto prefix = prefix_length(text_.substr(six + 2), 128);
      if (!prefix) return from(Flaw::bad_ip6_prefix, six);
      out.prefix6 = *prefix;
      end = six;
    }
    const std::size_t four = text_.substr(0, end).rfind('/');
    if (four != text_.npos && four >= at && all_digits(text_.substr(four + 1, end - four - 1))) {
      const auto prefix = prefix_length(text_.substr(four + 1, end - four - 1), 32);
      if (!prefix) return SyntaxFault{Flaw::bad_ip4_prefix, four, end - four};
      out.prefix4 = *prefix;
      end = four;
    }
    if (end == at) return std::nullopt;
    if (text_[at] != ':') return from(text_[at] == '/' ? Flaw::bad_ip4_prefix : Flaw::argument_unexpected, at);
    return read_macros(out, at + 1, end - at - 1, MacroString::Kind::domain_spec);
  }

  Outcome read_network(Term& out, std::size_t at) {
    const bool v4 = out.kind == TermKind::ip4;
    if (text_[at] != ':') return from(Flaw::argument_unexpected, at);
    const std::size_t slash = std::min(text_.find('/', at), text_.size());
    const std::string_view address = text_.substr(at + 1, slash - at - 1);
    const auto ip = Ip::parse(address);
    if (!ip || ip->v4() != v4) return SyntaxFault{v4 ? Flaw::bad_ip4 : Flaw::bad_ip6, at + 1, address.size()};
    out.network = *ip;
    if (slash == text_.size()) return std::nullopt;
    const auto prefix = prefix_length(text_.substr(slash + 1), v4 ? 32 : 128);
    if (!prefix) return from(v4 ? Flaw::bad_ip4_prefix : Flaw::bad_ip6_prefix, slash);
    (v4 ? out.prefix4 : out.prefix6) = *prefix;
    return std::nullopt;
  }

  std::string_view text_;
};

}  // namespace

bool Term::asks() const {
  switch (kind) {
    case TermKind::include:
    case TermKind::a:
    case TermKind::mx:
    case TermKind::ptr:
    case TermKind::exists:
    case TermKind::redirect:
      return true;
    default:
      return false;
  }
}

const Term* Record::find(TermKind kind) const {
  const auto found = std::find_if(terms.begin(), terms.end(), [kind](const Term& t) { return t.kind == kind; });
  return found == terms.end() ? nullptr : &*found;
}

bool is_record(ByteView text) {
  return istarts_with(text, kVersion) && (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

std::vector<std::string> select_records(const dns::RRset& txt) {
  std::vector<std::string> out;
  for (const Bytes& rdata : txt.rdata)
    if (std::string text = dns::Txt::joined(rdata); is_record(text)) out.push_back(std::move(text));
  return out;
}

Record parse_record(ByteView text) {
  Record out;
  out.text = text;
  out.terms.reserve(kUsualTerms);
  bool redirected = false, explained = false;
  for (std::size_t at = kVersion.size(); at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const std::size_t size = std::min(text.find(' ', at), text.size()) - at;
    Term term;
    term.at = at;
    term.size = size;
    Outcome fault = TermReader(text.substr(at, size)).read(term);
    bool* seen = term.kind == TermKind::redirect ? &redirected : term.kind == TermKind::exp ? &explained : nullptr;
    if (!fault && seen != nullptr && std::exchange(*seen, true))
      fault = SyntaxFault{Flaw::repeated_modifier, 0, size};  // RFC 7208 §6
    if (fault) {
      fault->at += at;
      out.faults.push_back(*fault);
    } else {
      out.terms.push_back(std::move(term));
    }
    at += size;
  }
  return out;
}

}  // namespace chappe::trust::spf
