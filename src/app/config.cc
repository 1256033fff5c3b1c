#include "app/config.h"

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>

#include "agents/milter/address.h"
#include "app/config_rows.h"
#include "app/nearest.h"
#include "base/text.h"
#include "dns/name.h"
#include "net/endpoint.h"
#include "post/policy/judge.h"
#include "post/search/extractors.h"
#include "trust/ip.h"
#include "trust/mail_domain.h"

namespace chappe::app {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::size_t kMaxJudgeName = 40;

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

Words role_words() {
  Words words;
  for (int i = 0; i < kRoles; ++i) words.push_back(role_name(static_cast<Role>(i)));
  return words;
}
Words actor_words() {
  Words words;
  for (int i = 0; i < kActors; ++i) words.push_back(actor_name(static_cast<Actor>(i)));
  return words;
}
Words list_action_words() {
  Words words;
  for (const ListAction a : {ListAction::note, ListAction::junk, ListAction::reject})
    words.push_back(list_action_name(a));
  return words;
}
Words list_kind_words() { return {list_kind_name(ListKind::block), list_kind_name(ListKind::allow)}; }
Words judged_door_words() { return {judged_door_name(JudgedDoor::mx), judged_door_name(JudgedDoor::submission)}; }
Words without_judge_words() {
  return {without_judge_name(WithoutJudge::accept), without_judge_name(WithoutJudge::defer)};
}
Words format_words() { return {"logfmt", "json"}; }
Words level_words() {
  Words words;
  for (Level level : {Level::debug, Level::info, Level::warning, Level::error}) words.push_back(level_name(level));
  return words;
}

// Puts one value of the file into its slot, or says what is wrong with it.
class Assign {
 public:
  // `folder` is where relative paths begin: empty, or ending with '/'.
  Assign(const KeyRow& key, const toml::node& node, std::string_view folder)
      : key_(key), node_(node), folder_(folder) {}

  Result<> operator()(std::string* to) const { return store(to, text("a text")); }
  Result<> operator()(Path* to) const {
    std::string path = TRY(text("a path"));
    to->value = path.starts_with('/') ? path : folder_ + path;
    return {};
  }
  Result<> operator()(bool* to) const {
    const auto value = node_.value_exact<bool>();
    if (!value) return fail(Errc::invalid, "'{}' must be true or false", key_.name);
    *to = *value;
    return {};
  }
  Result<> operator()(std::uint64_t* to) const { return store(to, number()); }
  Result<> operator()(Port* to) const {
    to->value = static_cast<int>(TRY(number()));
    return {};
  }
  Result<> operator()(Size* to) const {
    Size size{};
    if (const auto bytes = node_.value_exact<std::int64_t>(); bytes && *bytes >= 0) {
      size.bytes = static_cast<std::uint64_t>(*bytes);
    } else {
      const std::string written = TRY(text("a size, as in \"50 MB\""));
      size = TRY(parse_size(written));
    }
    if (size.bytes < key_.least)
      return fail(Errc::invalid, "'{}' must be {} at least", key_.name, format_size({key_.least}));
    *to = size;
    return {};
  }
  Result<> operator()(Duration* to) const {
    const std::string written = TRY(text("a duration, as in \"5m\""));
    const Duration duration = TRY(parse_duration(written));
    if (duration.count() < static_cast<std::int64_t>(key_.least))
      return fail(Errc::invalid, "'{}' must not be nothing", key_.name);
    *to = duration;
    return {};
  }
  Result<> operator()(HostPort* to) const {
    const std::string written = TRY(text("host:port, in quotes"));
    return store(to, parse_host_port(written));
  }
  Result<> operator()(Role* to) const { return store_word(to, role_words()); }
  Result<> operator()(LogFormat* to) const { return store_word(to, format_words()); }
  Result<> operator()(Level* to) const { return store_word(to, level_words()); }
  Result<> operator()(ListKind* to) const { return store_word(to, list_kind_words()); }
  Result<> operator()(ListAction* to) const { return store_word(to, list_action_words()); }
  Result<> operator()(Domains* to) const {
    return store_list(&to->list, "a list, as in [\"example.org\"]",
                      [](const std::string& text) { return trust::mail_domain(text); });
  }
  Result<> operator()(std::vector<Actor>* to) const {
    return store_words(to, "a list, as in [\"mx\", \"mta\"]", actor_words());
  }
  Result<> operator()(MilterAddress* to) const {
    const std::string written = TRY(text("an address, as in \"inet:127.0.0.1:11332\""));
    const auto parsed = agents::milter::Address::parse(written);
    if (!parsed) return fail(Errc::invalid, "'{}': {}", key_.name, parsed.error().text());
    to->text = written;
    return {};
  }
  Result<> operator()(std::vector<JudgedDoor>* to) const {
    return store_words(to, "a list, as in [\"mx\", \"submission\"]", judged_door_words());
  }
  Result<> operator()(WithoutJudge* to) const { return store_word(to, without_judge_words()); }
  Result<> operator()(std::vector<net::Network>* to) const {
    return store_list(to, "a list, as in [\"192.0.2.0/24\"]",
                      [](const std::string& text) { return net::Network::parse(text); });
  }
  Result<> operator()(Command* to) const {
    constexpr std::string_view kWanted = "a program and its arguments, as in [\"/usr/bin/pdftotext\", \"-\", \"-\"]";
    const toml::array* words = node_.as_array();
    if (!words || words->empty()) return fail(Errc::invalid, "'{}' must be {}", key_.name, kWanted);
    to->words.clear();
    for (const auto& word : *words) {
      const auto text = word.value_exact<std::string>();
      if (!text) return fail(Errc::invalid, "'{}' must be {}", key_.name, kWanted);
      if (std::ranges::any_of(*text, is_ctl)) return fail(Errc::invalid, "'{}' holds a control character", key_.name);
      to->words.push_back(*text);
    }
    if (!to->words.front().starts_with('/'))
      return fail(Errc::invalid, "'{}' begins with '{}', which is not an absolute path", key_.name,
                  printable(to->words.front(), 60));
    return {};
  }
  Result<> operator()(FileTypes* to) const {
    return store_list(&to->list, "a list, as in [\"application/pdf\"]",
                      [this](const std::string& text) -> Result<std::string> {
                        if (post::search::is_extractor_type(text)) return text;
                        return fail(Errc::invalid,
                                    "'{}' cannot hold '{}': write a media type, as in application/pdf or "
                                    "application/*, or the ending of a name, as in .pdf",
                                    key_.name, printable(text, 60));
                      });
  }

 private:
  template <class T>
  static Result<> store(T* to, Result<T> value) {
    *to = TRY(std::move(value));
    return {};
  }

  // A list of texts, each of which is read by `read`; none twice.
  template <class T>
  Result<> store_list(std::vector<T>* to, std::string_view wanted, auto read) const {
    const toml::array* items = node_.as_array();
    if (!items) return fail(Errc::invalid, "'{}' must be {}", key_.name, wanted);
    if (items->empty()) return fail(Errc::invalid, "'{}' is empty", key_.name);
    to->clear();
    for (const auto& item : *items) {
      const auto text = item.value_exact<std::string>();
      if (!text) return fail(Errc::invalid, "'{}' must be {}", key_.name, wanted);
      T value = TRY(read(*text));
      if (std::ranges::find(*to, value) != to->end())
        return fail(Errc::invalid, "'{}' holds '{}' twice", key_.name, printable(*text, 60));
      to->push_back(std::move(value));
    }
    return {};
  }

  template <class T>
  Result<> store_words(std::vector<T>* to, std::string_view wanted, const Words& words) const {
    return store_list(to, wanted, [&](const std::string& word) -> Result<T> {
      const auto at = std::ranges::find(words, std::string_view(word));
      if (at == words.end())
        return fail(Errc::invalid, "'{}' cannot hold '{}'{}", key_.name, printable(word, 40), choices(word, words));
      return static_cast<T>(at - words.begin());
    });
  }

  template <class T>
  Result<> store_word(T* to, const Words& words) const {
    const std::string word = TRY(text("a text"));
    const auto at = std::ranges::find(words, std::string_view(word));
    if (at == words.end())
      return fail(Errc::invalid, "'{}' cannot be '{}'{}", key_.name, printable(word, 40), choices(word, words));
    *to = static_cast<T>(at - words.begin());
    return {};
  }

  static std::string choices(std::string_view word, const Words& words) {
    if (std::string meant = did_you_mean(word, words); !meant.empty()) return meant;
    std::string list = ": write ";
    for (std::size_t i = 0; i < words.size(); ++i)
      list += std::string(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
    return list;
  }

  Result<std::string> text(std::string_view wanted) const {
    auto value = node_.value_exact<std::string>();
    if (!value) return fail(Errc::invalid, "'{}' must be {}", key_.name, wanted);
    if (value->empty()) return fail(Errc::invalid, "'{}' is empty", key_.name);
    if (std::ranges::any_of(*value, is_ctl)) return fail(Errc::invalid, "'{}' holds a control character", key_.name);
    return std::move(*value);
  }

  Result<std::uint64_t> number() const {
    const auto value = node_.value_exact<std::int64_t>();
    if (!value) return fail(Errc::invalid, "'{}' must be a whole number", key_.name);
    if (*value < 0 || static_cast<std::uint64_t>(*value) < key_.least || static_cast<std::uint64_t>(*value) > key_.most)
      return fail(Errc::invalid, "'{}' must be {} at least and {} at most", key_.name, key_.least, key_.most);
    return static_cast<std::uint64_t>(*value);
  }

  const KeyRow& key_;
  const toml::node& node_;
  const std::string folder_;
};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file), folder_(file.substr(0, file.rfind('/') + 1)) {}

  ParsedConfig read(ByteView text) {
    try {
      const toml::table root = toml::parse(text, file_);
      read_table(root, "");
      if (out_.errors.empty()) check_whole();
    } catch (const toml::parse_error& e) {
      complain(static_cast<int>(e.source().begin.line), printable(e.description(), 300));
    }
    std::ranges::sort(out_.errors, {}, [](const Diagnostic& d) { return std::tie(d.line, d.text); });
    return std::move(out_);
  }

 private:
  void complain(int line, std::string text) { out_.errors.push_back({file_, line, std::move(text)}); }

  static const SectionRow* find_section(std::string_view name) {
    const auto& rows = config_sections();
    const auto at = std::ranges::find(rows, name, &SectionRow::name);
    return at == rows.end() ? nullptr : &*at;
  }

  // A table of the file: the values that belong to `section`, and the sections that stand within it.
  void read_table(const toml::table& table, const std::string& section) {
    for (const auto& [key, node] : table) {
      const std::string name = section.empty() ? std::string(key.str()) : section + "." + std::string(key.str());
      if (const SectionRow* row = find_section(name)) {
        read_section(*row, node, name);
      } else {
        read_key(section, key, node);
      }
    }
  }

  void read_section(const SectionRow& row, const toml::node& node, const std::string& name) {
    if (!row.repeated && node.is_table()) {
      row.begin(out_.config);
      read_table(*node.as_table(), name);
      require(name, *node.as_table());
    } else if (row.repeated && node.is_array_of_tables()) {
      for (const auto& item : *node.as_array()) {
        row.begin(out_.config);
        block_lines_[name].push_back(line_of(item));
        read_table(*item.as_table(), name);
        require(name, *item.as_table());
      }
    } else {
      complain(line_of(node), fmt::format("'{}' must be written {}{}{}", name, row.repeated ? "[[" : "[", name,
                                          row.repeated ? "]]" : "]"));
    }
  }

  void read_key(const std::string& section, const toml::key& key, const toml::node& node) {
    for (const auto& row : config_keys()) {
      if (row.section != section || row.name != key.str()) continue;
      if (section == "server") server_lines_.emplace(row.name, line_of(node));
      const auto done = std::visit(Assign(row, node, folder_), row.slot(out_.config));
      if (!done) complain(line_of(node), done.error().text());
      return;
    }
    Words words;
    for (const auto& row : config_keys())
      if (row.section == section) words.push_back(row.name);
    if (section.empty())
      for (const auto& row : config_sections()) words.push_back(row.name);
    const std::string name = printable(key.str(), 60);
    complain(
        static_cast<int>(key.source().begin.line),
        fmt::format("unknown {} '{}'{}{}", section.empty() && (node.is_table() || node.is_array()) ? "section" : "key",
                    name, section.empty() ? "" : " in [" + section + "]", did_you_mean(key.str(), words)));
  }

  void require(std::string_view section, const toml::table& table) {
    for (const auto& row : config_keys())
      if (row.section == section && row.required && !table.contains(row.name))
        complain(line_of(table), fmt::format("'{}' is missing in [{}]", row.name, section));
  }

  // What concerns more than one key; only asked when each of them is right.
  void check_whole() {
    const Config& c = out_.config;
    if (c.server.hostname.empty()) complain(0, "the section [server] is missing");
    if (c.listen.empty()) complain(0, "nothing to serve: one [[listen]] at least is needed");
    check_roles();
    if (c.tls.cert.value.empty() != c.tls.key.value.empty()) complain(0, "[tls] needs both 'cert' and 'key'");
    for (std::size_t i = 0; i < c.dns.stubs.size(); ++i) {
      const DnsStub& stub = c.dns.stubs[i];
      const int line = block_line("dns.stub", i);
      if (!net::Endpoint::parse(stub.server.host, stub.server.port))
        complain(line, fmt::format("'{}' is not an IP address of a name server", printable(stub.server.host, 60)));
      if (!dns::Name::parse(stub.zone))
        complain(line, fmt::format("'{}' is not the name of a zone", printable(stub.zone, 60)));
    }
    check_dns_lists();
    check_judges();
    for (std::size_t i = 0; i < c.listen.size(); ++i) {
      const Listener& l = c.listen[i];
      if (!net::Endpoint::parse(l.address, 0))
        complain(block_line("listen", i),
                 fmt::format("'{}' is not an IP address to listen on", printable(l.address, 60)));
      if (l.role != Role::mx && l.role != Role::lmtp && l.role != Role::relay && c.tls.cert.value.empty())
        complain(block_line("listen", i),
                 fmt::format("the role {} needs a certificate: set 'cert' and 'key' in [tls]", role_name(l.role)));
      // RFC 2033 §5
      if (l.role == Role::lmtp && port_of(l) == 25)
        complain(block_line("listen", i), "LMTP must not be spoken on port 25: take 24, or another");
      if (!c.server.plays(role_actor(l.role)))
        complain(block_line("listen", i),
                 fmt::format("a listener of the role {} is the {}'s, which this process does not play: add \"{}\" to "
                             "'roles' in [server], or take the listener away",
                             role_name(l.role), actor_name(role_actor(l.role)), actor_name(role_actor(l.role))));
      for (std::size_t j = 0; j < i; ++j)
        if (port_of(l) != 0 && port_of(c.listen[j]) == port_of(l) && c.listen[j].address == l.address)
          complain(block_line("listen", i),
                   fmt::format("two [[listen]] blocks share {} port {}", l.address, port_of(l)));
    }
  }

  // RFC 5782 §2.1
  static bool is_list_code(const net::Network& code) {
    static const trust::Ip kCodes = *trust::Ip::parse("127.0.0.0");
    const std::string_view text = code.text();
    const std::size_t slash = text.find('/');
    const auto ip = trust::Ip::parse(text.substr(0, slash));
    return ip && ip->in(kCodes, 8) && (slash == text.npos || to_number<unsigned>(text.substr(slash + 1)) >= 8u);
  }

  void check_dns_lists() {
    const std::vector<DnsListRow>& lists = out_.config.mx.dns_lists;
    if (lists.size() > kMaxDnsLists)
      complain(block_line("mx.dns_list", kMaxDnsLists),
               fmt::format("more than {} [[mx.dns_list]] blocks: each is asked for every letter", kMaxDnsLists));
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const DnsListRow& list = lists[i];
      const int line = block_line("mx.dns_list", i);
      if (!dns::Name::parse(list.zone))
        complain(line, fmt::format("'{}' is not the name of the zone of a DNS list", printable(list.zone, 60)));
      for (const net::Network& code : list.codes)
        if (!is_list_code(code))
          complain(line, fmt::format("'{}' is no code of a DNS list: these are in 127.0.0.0/8", code.text()));
      if (list.kind == ListKind::allow && list.action != ListAction::note)
        complain(line, fmt::format("the DNS list {} allows, so it takes no 'action'", printable(list.title(), 60)));
      for (std::size_t j = 0; j < i; ++j)
        if (lists[j].title() == list.title())
          complain(line, fmt::format("two [[mx.dns_list]] blocks are called {}", printable(list.title(), 60)));
    }
  }

  void check_judges() {
    const auto& judges = out_.config.judges;
    for (auto row = judges.begin(); row != judges.end(); ++row) {
      const std::string name = printable(row->name, 60);
      const int line = block_line("judge", static_cast<std::size_t>(row - judges.begin()));
      if (row->name.size() > kMaxJudgeName ||
          !std::ranges::all_of(row->name, [](char ch) { return (is_alnum(ch) && lower(ch) == ch) || ch == '-'; }))
        complain(line, fmt::format("'{}' is no name of a judge: write up to {} letters a to z, digits and hyphens",
                                   name, kMaxJudgeName));
      if (std::any_of(judges.begin(), row, [&](const JudgeRow& other) { return other.name == row->name; }))
        complain(line, fmt::format("two [[judge]] blocks have the name {}", name));
      if (row->step > post::Judges::kAll || row->verdict > post::Judges::kAll)
        complain(line,
                 fmt::format("the judge {} may take {}, and all judges together have {} for an answer", name,
                             format_duration(std::max(row->step, row->verdict)), format_duration(post::Judges::kAll)));
    }
  }

  // Where a block of a repeated section begins.
  int block_line(std::string_view section, std::size_t block) const {
    return block_lines_.find(section)->second[block];
  }

  // The line of a key of [server]; 0 if it is not there.
  int server_line(std::string_view key) const {
    const auto at = server_lines_.find(key);
    return at == server_lines_.end() ? 0 : at->second;
  }

  // A process that plays a part of a site needs to know where the others are.
  void check_roles() {
    const Config::Server& s = out_.config.server;
    const int roles = server_line("roles");
    const bool mda = s.plays(Actor::mda);
    // Who plays all need not have a door for each.
    for (const Actor actor : s.roles.size() < kActors ? s.roles : std::vector<Actor>()) {
      // The mta works off the queue of whoever else is here; alone, it must be given letters.
      if (actor == Actor::mta && s.roles.size() > 1) continue;
      if (std::ranges::none_of(out_.config.listen, [actor](const Listener& l) { return role_actor(l.role) == actor; }))
        complain(roles,
                 fmt::format("'roles' holds \"{}\", and no [[listen]] is for it: add one with the role {}, or take "
                             "it out",
                             actor_name(actor), listeners_of(actor)));
    }
    if (!mda && s.mda.host.empty() && (s.plays(Actor::mx) || s.plays(Actor::msa)))
      complain(roles,
               "without \"mda\" among the 'roles', 'mda' must say where it is, as in mda = \"mda.example.org:24\"");
    if (mda && !s.mda.host.empty())
      complain(server_line("mda"),
               "'mda' names another host, and this process is the mda itself: take \"mda\" out of "
               "'roles', or this key away");
    if (!s.mda_ca.value.empty() && s.mda.host.empty())
      complain(server_line("mda_ca"), "'mda_ca' means nothing without 'mda'");
    if (!s.plays(Actor::mta) && s.relay.host.empty())
      complain(roles,
               "without \"mta\" among the 'roles', 'relay' must say where letters for others go, as in "
               "relay = \"mta.example.org:25\"");
  }

  static std::string listeners_of(Actor actor) {
    std::string out;
    for (int i = 0; i < kRoles; ++i) {
      const auto role = static_cast<Role>(i);
      if (role_actor(role) == actor) out += (out.empty() ? "" : " or ") + std::string(role_name(role));
    }
    return out;
  }

  static int port_of(const Listener& l) { return l.port.value < 0 ? role_port(l.role) : l.port.value; }

  std::string file_, folder_;
  std::map<std::string, std::vector<int>, std::less<>> block_lines_;  // of repeated sections, in order
  std::map<std::string_view, int> server_lines_;
  ParsedConfig out_;
};

}  // namespace

std::string Diagnostic::describe() const {
  return line > 0 ? fmt::format("{}:{}: error: {}", file, line, text) : fmt::format("{}: error: {}", file, text);
}

ParsedConfig parse_config(ByteView toml, std::string_view file) {
  if (toml.size() <= kMaxConfigBytes) return Reader(file).read(toml);
  ParsedConfig out;
  out.errors.push_back({std::string(file), 0, fmt::format("larger than {} bytes", kMaxConfigBytes)});
  return out;
}

Result<Config> load_config(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::config, "cannot open {}: {}", path, std::strerror(errno));
  std::string text;
  char piece[16 * 1024];
  ssize_t n = 0;
  while (text.size() <= kMaxConfigBytes && (n = ::read(fd, piece, sizeof piece)) > 0)
    text.append(piece, static_cast<std::size_t>(n));
  const int error = errno;
  ::close(fd);
  if (n < 0) return fail(Errc::config, "cannot read {}: {}", path, std::strerror(error));
  ParsedConfig parsed = parse_config(text, path);
  if (parsed.errors.empty()) return std::move(parsed.config);
  std::string all;
  for (const auto& error_line : parsed.errors) all += (all.empty() ? "" : "\n") + error_line.describe();
  return fail(Errc::config, "{}", all);
}

}  // namespace chappe::app
