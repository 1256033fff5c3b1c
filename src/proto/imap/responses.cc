#include "proto/imap/responses.h"

#include "proto/imap/mailbox_name.h"
#include "proto/imap/write.h"

namespace chappe::proto::imap {
namespace {

void write_namespaces(Bytes& out, std::span<const NamespaceRow> rows, bool utf8) {
  out += ' ';
  if (rows.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  for (const auto& [prefix, separator] : rows) {
    out += '(';
    write_string(out, encode_mailbox(prefix, utf8), utf8);
    out += ' ';
    write_string(out, ByteView(&separator, 1), utf8);
    out += ')';
  }
  out += ')';
}

}  // namespace

void write_capability(Bytes& out, ByteView capabilities) {
  out += "* CAPABILITY ";
  out += capabilities;
  out += "\r\n";
}

void write_enabled(Bytes& out, std::span<const Bytes> capabilities) {
  out += "* ENABLED";
  for (const Bytes& name : capabilities) {
    out += ' ';
    out += name;
  }
  out += "\r\n";
}

void write_id(Bytes& out, std::span<const std::pair<Bytes, Bytes>> fields) {
  out += "* ID ";
  if (fields.empty()) {
    out += "NIL";
  } else {
    char before = '(';
    for (const auto& [name, value] : fields) {
      out += before;
      write_string(out, name, false);
      out += ' ';
      write_string(out, value, false);
      before = ' ';
    }
    out += ')';
  }
  out += "\r\n";
}

void write_list(Bytes& out, ByteView response, const ListRow& row, bool utf8) {
  out += "* ";
  out += response;
  out += " (";
  bool first = true;
  for (const ByteView attribute : row.attributes) {
    if (!first) out += ' ';
    first = false;
    out += attribute;
  }
  out += ") ";
  if (row.separator)
    write_string(out, ByteView(&row.separator, 1), utf8);
  else
    out += "NIL";
  out += ' ';
  write_mailbox(out, row.mailbox, utf8);
  if (row.childinfo_subscribed) out += " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
  out += "\r\n";
}

void write_status_row(Bytes& out, const StatusRow& row, bool utf8) {
  out += "* STATUS ";
  write_mailbox(out, row.mailbox, utf8);
  out += " (";
  bool first = true;
  for (const auto& [item, value] : row.values) {
    if (!first) out += ' ';
    first = false;
    out += status_item_name(item);
    out += ' ';
    if (item == StatusItem::mailboxid) {
      out += '(';  // RFC 8474 §4.3
      out += row.mailboxid;
      out += ')';
    } else {
      write_number(out, value);
    }
  }
  out += ")\r\n";
}

void write_namespace(Bytes& out, std::span<const NamespaceRow> personal, std::span<const NamespaceRow> others,
                     std::span<const NamespaceRow> shared, bool utf8) {
  out += "* NAMESPACE";
  write_namespaces(out, personal, utf8);
  write_namespaces(out, others, utf8);
  write_namespaces(out, shared, utf8);
  out += "\r\n";
}

void write_quota(Bytes& out, ByteView root, std::span<const QuotaRow> resources) {
  out += "* QUOTA ";
  write_string(out, root, false);
  out += " (";
  for (const QuotaRow& r : resources) {
    if (&r != resources.data()) out += ' ';
    out += r.resource;
    out += ' ';
    write_number(out, r.usage);
    out += ' ';
    write_number(out, r.limit);
  }
  out += ")\r\n";
}

void write_quota_root(Bytes& out, ByteView mailbox, ByteView root, bool utf8) {
  out += "* QUOTAROOT ";
  write_mailbox(out, mailbox, utf8);
  out += ' ';
  write_string(out, root, false);
  out += "\r\n";
}

void write_search(Bytes& out, std::span<const std::uint32_t> ascending, std::optional<std::uint64_t> modseq) {
  out += "* SEARCH";
  for (const std::uint32_t n : ascending) {
    out += ' ';
    write_number(out, n);
  }
  if (modseq && !ascending.empty()) {
    out += " (MODSEQ ";
    write_number(out, *modseq);
    out += ')';
  }
  out += "\r\n";
}

void write_esearch(Bytes& out, ByteView tag, bool uid, const Search::Return& returns,
                   std::span<const std::uint32_t> found, std::optional<std::uint64_t> modseq) {
  out += "* ESEARCH (TAG ";
  write_string(out, tag, false);
  out += ')';
  if (uid) out += " UID";
  if (returns.min && !found.empty()) {
    out += " MIN ";
    write_number(out, found.front());
  }
  if (returns.max && !found.empty()) {
    out += " MAX ";
    write_number(out, found.back());
  }
  if (returns.all && !found.empty()) {
    out += " ALL ";
    write_ranges(out, to_ranges(found));
  }
  if (returns.count) {
    out += " COUNT ";
    write_number(out, found.size());
  }
  if (modseq && !found.empty()) {
    out += " MODSEQ ";
    write_number(out, *modseq);
  }
  out += "\r\n";
}

void write_numbered(Bytes& out, std::uint64_t number, ByteView name) {
  out += "* ";
  write_number(out, number);
  out += ' ';
  out += name;
  out += "\r\n";
}

void write_fetch_head(Bytes& out, std::uint32_t number) {
  out += "* ";
  write_number(out, number);
  out += " FETCH (";
}

void write_vanished(Bytes& out, bool earlier, std::span<const Range> uids) {
  if (uids.empty()) return;
  out += earlier ? "* VANISHED (EARLIER) " : "* VANISHED ";
  write_ranges(out, uids);
  out += "\r\n";
}

Bytes append_uid_code(std::uint32_t uidvalidity, std::uint32_t uid) {
  return fmt::format("APPENDUID {} {}", uidvalidity, uid);
}

Bytes copy_uid_code(std::uint32_t uidvalidity,
                    std::span<const std::pair<std::uint32_t, std::uint32_t>> source_to_target) {
  std::vector<Range> sources;
  std::vector<Range> targets;
  for (const auto& [source, target] : source_to_target) {
    const bool runs = !sources.empty() && source == sources.back().last + 1 && target == targets.back().last + 1;
    if (runs) {
      sources.back().last = source;
      targets.back().last = target;
    } else {
      sources.push_back({source, source});
      targets.push_back({target, target});
    }
  }
  Bytes out = fmt::format("COPYUID {} ", uidvalidity);
  write_ranges(out, sources);
  out += ' ';
  write_ranges(out, targets);
  return out;
}

}  // namespace chappe::proto::imap
