#include <algorithm>
#include <map>
#include <tuple>

#include "dns/zone_file.h"

namespace chappe::dns {
namespace {

// Wider than this, the strings of a TXT stand on a line each.
constexpr std::size_t kWide = 110;

// The SOA first, the signatures behind what they sign, else by number of type.
std::tuple<bool, unsigned, bool> rank(const Record& r) {
  const bool signature = r.type == Type::rrsig;
  const Type of = signature ? Rrsig::of(r.rdata).covered : r.type;
  return {of != Type::soa, static_cast<unsigned>(of), signature};
}

std::uint32_t commonest_ttl(const std::vector<Record>& records) {
  std::map<std::uint32_t, std::size_t> count;
  for (const Record& r : records) ++count[r.ttl];
  std::uint32_t best = 0;
  for (const auto& [ttl, n] : count)
    if (n > count[best]) best = ttl;
  return best;
}

std::string rdata_column(const Record& record, const Name& origin, std::size_t indent) {
  std::string text = rdata_to_text(record.type, record.rdata, &origin);
  if (record.type != Type::txt || text.size() <= kWide) return text;
  text = "(";
  for (const Bytes& s : Txt::of(record.rdata).strings) {
    text += '\n' + std::string(indent, ' ');
    append_quoted_text(text, s);
  }
  return text + " )";
}

}  // namespace

std::string write_zone(const std::vector<Record>& records, const Name& origin) {
  std::vector<const Record*> sorted;
  for (const Record& r : records) sorted.push_back(&r);
  std::ranges::sort(sorted, [&](const Record* a, const Record* b) {
    if (const auto order = a->name <=> b->name; order != 0) return order < 0;
    if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
    return a < b;  // as they stood
  });

  const std::uint32_t standard = commonest_ttl(records);
  std::size_t owners = 0, ttls = 0;
  for (const Record& r : records) {
    owners = std::max(owners, r.name.text(origin).size());
    if (r.ttl != standard) ttls = std::max(ttls, std::to_string(r.ttl).size() + 1);
  }
  owners = std::min<std::size_t>(owners, 32) + 1;

  std::string out = fmt::format("$ORIGIN {}\n$TTL {}\n", origin.text(), standard);
  const Name* before = nullptr;
  for (const Record* r : sorted) {
    // Spelled out again when only the case differs, so that it comes back as it was.
    const bool same = before && before->wire() == r->name.wire();
    const std::string owner = same ? std::string() : r->name.text(origin);
    const std::string ttl = r->ttl == standard ? std::string() : std::to_string(r->ttl);
    const std::string front =
        fmt::format("{:<{}}{:<{}}{:<6} ", owner.empty() ? " " : owner + ' ', owners, ttl, ttls, type_name(r->type));
    out += front + rdata_column(*r, origin, front.size()) + '\n';
    before = &r->name;
  }
  return out;
}

}  // namespace chappe::dns
