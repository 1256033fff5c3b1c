// What is told from the table of keys: the descriptions that `chappe config describe` and the manual show, and a file
// that says the same as a configuration.
#include <fmt/core.h>

#include <functional>

#include "app/config_rows.h"

namespace chappe::app {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::string type_name(const Slot& slot, bool fr) {
  return std::visit(
      Overloaded{
          [&](std::string*) { return fr ? "texte" : "text"; }, [&](std::uint64_t*) { return fr ? "nombre" : "number"; },
          [&](bool*) { return fr ? "oui ou non" : "yes or no"; }, [&](Path*) { return fr ? "fichier" : "path"; },
          [&](Size*) { return fr ? "taille" : "size"; }, [&](Duration*) { return fr ? "durée" : "duration"; },
          [&](Port*) { return fr ? "nombre" : "number"; }, [&](HostPort*) { return fr ? "hôte:port" : "host:port"; },
          [&](std::vector<Actor>*) { return fr ? "mots" : "words"; },
          [&](std::vector<net::Network>*) { return fr ? "réseaux" : "networks"; },
          [&](Command*) { return fr ? "commande" : "command"; }, [&](FileTypes*) { return fr ? "types" : "types"; },
          [&](Domains*) { return fr ? "domaines" : "domains"; },
          [&](MilterAddress*) { return fr ? "adresse" : "address"; },
          [&](std::vector<JudgedDoor>*) { return fr ? "mots" : "words"; },
          [&](auto*) { return fr ? "mot" : "word"; },  // Role, LogFormat, Level, ListKind, ListAction, WithoutJudge
      },
      slot);
}

std::string quoted(std::string_view s) {
  std::string out;
  for (const char c : s) out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return "\"" + out + "\"";
}

std::string array_text(const auto& list, auto text_of) {
  std::string out;
  for (const auto& item : list) out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(text_of(item)));
  return "[" + out + "]";
}

// The value as TOML; empty when it has none.
std::string value_text(const Slot& slot) {
  // An empty text is none.
  const auto text = [](std::string_view s) { return s.empty() ? std::string() : quoted(s); };
  return std::visit(
      Overloaded{
          [&](std::string* s) { return text(*s); },
          [&](bool* b) { return std::string(*b ? "true" : "false"); },
          [&](std::uint64_t* n) { return fmt::format("{}", *n); },
          [&](Path* p) { return text(p->value); },
          [&](Size* s) { return quoted(format_size(*s)); },
          [&](Duration* d) { return quoted(format_duration(*d)); },
          [&](Port* p) { return p->value < 0 ? std::string() : fmt::format("{}", p->value); },
          [&](HostPort* h) {
            if (h->host.empty()) return std::string();
            return quoted(fmt::format(fmt::runtime(h->host.contains(':') ? "[{}]:{}" : "{}:{}"), h->host, h->port));
          },
          [&](std::vector<Actor>* list) { return array_text(*list, [](Actor a) { return actor_name(a); }); },
          [&](std::vector<net::Network>* list) {
            if (list->empty()) return std::string();
            return array_text(*list, [](const net::Network& n) -> std::string_view { return n.text(); });
          },
          [&](Command* c) { return c->words.empty() ? std::string() : array_text(c->words, std::identity()); },
          [&](FileTypes* t) { return t->list.empty() ? std::string() : array_text(t->list, std::identity()); },
          [&](Domains* d) { return d->list.empty() ? std::string() : array_text(d->list, std::identity()); },
          [&](MilterAddress* a) { return text(a->text); },
          [&](std::vector<JudgedDoor>* list) { return array_text(*list, judged_door_name); },
          [&](WithoutJudge* w) { return quoted(without_judge_name(*w)); },
          [&](ListKind* k) { return quoted(list_kind_name(*k)); },
          [&](ListAction* a) { return quoted(list_action_name(*a)); },
          [&](Role* r) { return quoted(role_name(*r)); },
          [&](LogFormat* f) { return quoted(*f == LogFormat::json ? "json" : "logfmt"); },
          [&](Level* l) { return quoted(level_name(*l)); },
      },
      slot);
}

// A value that shows how a key without a standard one is written.
std::string example(const KeyRow& key) {
  if (key.section == "mx.dns_list" && key.name == "zone") return "\"zen.example.net\"";
  if (key.section == "mx.dns_list" && key.name == "name") return "\"zen\"";
  if (key.section == "judge" && key.name == "name") return "\"rspamd\"";
  if (key.section == "judge" && key.name == "address") return "\"inet:127.0.0.1:11332\"";
  if (key.name == "codes") return "[\"127.0.0.2\", \"127.0.0.4/30\"]";
  if (key.name == "trusted_sealers") return "[\"lists.example.org\"]";
  if (key.name == "hostname") return "\"mx.example.org\"";
  if (key.name == "data_dir") return "\"/var/lib/chappe\"";
  if (key.name == "user") return "\"chappe\"";
  if (key.name == "mda") return "\"mda.example.org:24\"";
  if (key.name == "mda_ca") return "\"/etc/chappe/tls/site-ca.pem\"";
  if (key.name == "relay") return "\"smarthost.example.net:25\"";
  if (key.name == "forward") return "\"192.0.2.53:53\"";
  if (key.name == "root_hints") return "\"/usr/share/dns/root.hints\"";
  if (key.name == "trust_anchor") return "\"/usr/share/dns/root.key\"";
  if (key.name == "postmaster") return "\"admin@example.org\"";
  if (key.name == "zone") return "\"corp.example.org\"";
  if (key.name == "server") return "\"192.0.2.53:53\"";
  if (key.name == "role") return "\"mx\"";
  if (key.name == "port") return "25";
  if (key.name == "name") return "\"mail.example.org\"";
  if (key.name == "cert") return "\"/etc/chappe/tls/cert.pem\"";
  if (key.name == "key") return "\"/etc/chappe/tls/key.pem\"";
  if (key.name == "types") return "[\"application/pdf\", \".pdf\"]";
  if (key.name == "command") return "[\"/usr/bin/pdftotext\", \"-enc\", \"UTF-8\", \"-\", \"-\"]";
  if (key.name == "file") return "\"/var/log/chappe/chappe.log\"";
  return "\"\"";
}

// `text` in lines of at most 100 columns, each a comment.
void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t end = text.size() <= 98 ? text.size() : text.rfind(' ', 98);
    if (end == std::string_view::npos || end == 0) end = text.size();
    out += fmt::format("# {}\n", text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
}

}  // namespace

std::vector<KeyText> describe_keys(bool french) {
  Config standard;
  for (const auto& section : config_sections()) section.begin(standard);
  std::vector<KeyText> out;
  for (const auto& key : config_keys()) {
    const Slot slot = key.slot(standard);
    out.push_back({key.section, key.name, type_name(slot, french), key.required ? "" : value_text(slot), key.required,
                   french ? key.doc_fr : key.doc});
  }
  return out;
}

std::string write_config(const Config& config) {
  Config given = config, standard;
  for (const auto& section : config_sections()) section.begin(standard);
  std::string out;
  const auto block = [&](const SectionRow& section, Config& of) {
    std::string lines;
    for (const auto& key : config_keys()) {
      if (key.section != section.name) continue;
      const std::string value = value_text(key.slot(of));
      if (value.empty() || (!key.required && value == value_text(key.slot(standard)))) continue;
      lines += fmt::format("{} = {}\n", key.name, value);
    }
    if (lines.empty()) return;
    out += fmt::format("{}{}{}{}\n{}", out.empty() ? "" : "\n", section.repeated ? "[[" : "[", section.name,
                       section.repeated ? "]]" : "]", lines);
  };
  const auto blocks = [&](const SectionRow& section, const auto& list, auto put) {
    for (const auto& one : list) {
      Config alone;
      put(alone).push_back(one);
      block(section, alone);
    }
  };
  for (const auto& section : config_sections()) {
    // The slots of a repeated section are those of its last block.
    if (section.name == "listen") {
      blocks(section, config.listen, [](Config& c) -> auto& { return c.listen; });
    } else if (section.name == "tls.name") {
      blocks(section, config.tls.names, [](Config& c) -> auto& { return c.tls.names; });
    } else if (section.name == "dns.stub") {
      blocks(section, config.dns.stubs, [](Config& c) -> auto& { return c.dns.stubs; });
    } else if (section.name == "mx.dns_list") {
      blocks(section, config.mx.dns_lists, [](Config& c) -> auto& { return c.mx.dns_lists; });
    } else if (section.name == "judge") {
      blocks(section, config.judges, [](Config& c) -> auto& { return c.judges; });
    } else if (section.name == "search.extractor") {
      blocks(section, config.search.extractors, [](Config& c) -> auto& { return c.search.extractors; });
    } else {
      block(section, given);
    }
  }
  return out;
}

std::string describe_config(bool french) {
  std::string out;
  const auto& keys = config_keys();
  const auto texts = describe_keys(french);
  for (const auto& section : config_sections()) {
    if (!out.empty()) out += '\n';
    append_comment(out, french ? section.doc_fr : section.doc);
    // A repeated block that is not required, and a key without a standard value, are shown as comments.
    const bool optional = section.repeated && section.name != "listen";
    const std::string_view open = section.repeated ? "[[" : "[", close = section.repeated ? "]]" : "]";
    out += fmt::format("{}{}{}{}\n", optional ? "#" : "", open, section.name, close);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].section != section.name) continue;
      out += '\n';
      append_comment(out, fmt::format("{} ({})", texts[i].doc, texts[i].type));
      const bool as_comment = optional || (!keys[i].required && texts[i].standard.empty());
      out += fmt::format("{}{} = {}\n", as_comment ? "#" : "", keys[i].name,
                         texts[i].standard.empty() ? example(keys[i]) : texts[i].standard);
    }
  }
  return out;
}

}  // namespace chappe::app
