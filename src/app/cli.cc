#include "app/cli.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "app/config.h"
#include "app/nearest.h"
#include "base/text.h"
#include "codec/json.h"

namespace chappe::app {

class CliParser {
 public:
  CliParser(std::span<const std::string> words, bool french) : words_(words) { invocation().french_ = french; }

  Result<Parsed> parse() {
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--") {
        for (++at_; at_ < words_.size(); ++at_) TRY(take_word(words_[at_]));
      } else if (word.starts_with("--")) {
        TRY(take_option(std::string_view(word).substr(2)));
      } else if (word == "-h") {
        parsed_.want = Parsed::Want::help;
      } else if (word.size() > 1 && word[0] == '-' && !is_digit(word[1])) {
        return complain("unknown option '{}': options are written --name",
                        "option inconnue « {} » : les options s'écrivent --nom", word);
      } else {
        TRY(take_word(word));
      }
    }
    return finish();
  }

 private:
  Invocation& invocation() { return parsed_.invocation; }
  const VerbRow* verb() { return invocation().verb_; }

  // An error in the language of the caller, about one word of his.
  std::unexpected<Error> complain(std::string_view en, std::string_view fr, std::string_view word,
                                  std::string_view tail = {}) {
    const std::string_view text = invocation().french_ ? fr : en;
    const auto gap = text.find("{}");
    std::string out(text.substr(0, gap));
    if (gap != std::string_view::npos) out += printable(word, 80) + std::string(text.substr(gap + 2));
    return std::unexpected(Error(Errc::usage, out + std::string(tail)));
  }

  // ", only rsa or ed25519", for a word that is none of them.
  std::string only(const std::vector<std::string_view>& words) {
    std::string out = invocation().french_ ? ", seulement " : ", only ";
    for (const auto& word : words) {
      if (&word != &words.front()) out += &word != &words.back() ? ", " : invocation().french_ ? " ou " : " or ";
      out += word;
    }
    return out;
  }

  std::string hint(std::string_view word, const std::vector<std::string_view>& words, std::string_view before = {}) {
    const std::string_view meant = nearest(word, words);
    if (meant.empty()) return "";
    return invocation().french_ ? fmt::format(", vouliez-vous dire « {}{} » ?", before, meant)
                                : fmt::format(", did you mean '{}{}'?", before, meant);
  }

  Result<> take_word(const std::string& word) {
    // "spf lint" is a verb, and "spf" is one, too.
    const bool longer = verb() && invocation().arguments_.empty() && find_verb(prefix_ + " " + word) != nullptr;
    if (verb() && !longer) {
      invocation().arguments_.push_back(word);
      return {};
    }
    if (prefix_.empty() && word == "help") {  // "help domain add" is "domain add --help"
      parsed_.want = Parsed::Want::help;
      return {};
    }
    const std::string before = prefix_.empty() ? "" : prefix_ + " ", name = before + word;
    std::vector<std::string_view> words;
    bool is_prefix = false;
    for (const auto& row : verbs()) {
      if (row.name.starts_with(name + " ")) is_prefix = true;
      if (row.name.starts_with(before)) words.push_back(row.name.substr(before.size()));
    }
    for (auto& w : words) w = w.substr(0, w.find(' '));
    invocation().verb_ = find_verb(name);
    if (!verb() && !is_prefix) return complain("unknown verb '{}'", "verbe inconnu « {} »", name, hint(word, words));
    prefix_ = name;
    return {};
  }

  static const VerbRow* find_verb(std::string_view name) {
    const auto found = std::ranges::find(verbs(), name, &VerbRow::name);
    return found == verbs().end() ? nullptr : &*found;
  }

  Result<> take_option(std::string_view text) {
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const OptionRow* row = find_option(name);
    if (!row) {
      std::vector<std::string_view> names;
      for (const auto& option : common_options()) names.push_back(option.name);
      if (verb())
        for (const auto& option : verb()->options) names.push_back(option.name);
      return complain("unknown option '--{}'", "option inconnue « --{} »", name, hint(name, names, "--"));
    }
    std::string value;
    if (row->argument.empty()) {
      if (equals != std::string_view::npos)
        return complain("'--{}' takes no value", "« --{} » ne prend pas de valeur", name);
    } else if (equals != std::string_view::npos) {
      value = text.substr(equals + 1);
    } else if (at_ + 1 < words_.size()) {
      value = words_[++at_];
    } else {
      return complain("'--{}' needs a value", "« --{} » demande une valeur", name);
    }
    if (!row->choices.empty() && std::ranges::find(row->choices, std::string_view(value)) == row->choices.end())
      return complain(fmt::format("'--{}' cannot be '{{}}'", name),
                      fmt::format("« --{} » ne peut pas valoir « {{}} »", name), value, only(row->choices));
    auto& given = invocation().given_[std::string(row->name)];
    if (!given.empty() && !row->repeatable && !row->argument.empty())
      return complain("'--{}' is given twice", "« --{} » est donnée deux fois", name);
    given.push_back(std::move(value));
    if (row->name == "help") parsed_.want = Parsed::Want::help;
    if (row->name == "version") parsed_.want = Parsed::Want::version;
    if (row->name == "lang") invocation().french_ = given.back() == "fr";
    return {};
  }

  const OptionRow* find_option(std::string_view name) {
    for (const auto& row : common_options())
      if (row.name == name) return &row;
    if (verb())
      for (const auto& row : verb()->options)
        if (row.name == name) return &row;
    return nullptr;
  }

  Result<Parsed> finish() {
    parsed_.help_prefix = prefix_;
    if (parsed_.want != Parsed::Want::action) return std::move(parsed_);
    if (words_.empty()) {
      parsed_.want = Parsed::Want::help;
      return std::move(parsed_);
    }
    if (!verb() && prefix_.empty()) return complain("a verb is missing", "il manque un verbe", "");
    if (!verb()) return complain("'{}' needs a further word", "« {} » demande un mot de plus", prefix_, sub_verbs());
    const auto& rows = verb()->arguments;
    const auto& given = invocation().arguments_;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i >= given.size() && !rows[i].optional) return complain("{} is missing", "il manque {}", rows[i].name);
      if (i < given.size() && !rows[i].choices.empty() &&
          std::ranges::find(rows[i].choices, std::string_view(given[i])) == rows[i].choices.end())
        return complain(fmt::format("{} cannot be '{{}}'", rows[i].name),
                        fmt::format("{} ne peut pas valoir « {{}} »", rows[i].name), given[i], only(rows[i].choices));
    }
    if (given.size() > rows.size() && (rows.empty() || !rows.back().repeatable))
      return complain("'{}' is one word too many", "« {} » est un mot de trop", given[rows.size()]);
    return std::move(parsed_);
  }

  std::string sub_verbs() {
    std::string out = ": ";
    for (const auto& row : verbs()) {
      if (!row.name.starts_with(prefix_ + " ")) continue;
      if (out.size() > 2) out += ", ";
      out += row.name.substr(prefix_.size() + 1);
    }
    return out;
  }

  std::span<const std::string> words_;
  std::size_t at_ = 0;
  std::string prefix_;  // the words of the verb so far
  Parsed parsed_;
};

Result<Parsed> parse_command_line(std::span<const std::string> words, std::string_view locale) {
  bool french = locale.starts_with("fr");
  // The language holds for the whole line, errors before --lang too.
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "--lang=fr" || (words[i] == "--lang" && i + 1 < words.size() && words[i + 1] == "fr"))
      french = true;
    if (words[i] == "--lang=en" || (words[i] == "--lang" && i + 1 < words.size() && words[i + 1] == "en"))
      french = false;
  }
  return CliParser(words, french).parse();
}

std::optional<std::string> Invocation::value(std::string_view option) const {
  if (const auto at = given_.find(option); at != given_.end()) return at->second.back();
  for (const auto& row : verb_->options)
    if (row.name == option && !row.standard.empty()) return std::string(row.standard);
  return std::nullopt;
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  const auto at = given_.find(option);
  return at == given_.end() ? std::vector<std::string>() : at->second;
}

int Invocation::refuse(const Error& error) const {
  std::string out;
  if (json()) {
    codec::json::Writer w(out);
    w.begin_object().key("error").begin_object();
    w.field("code", error_row(error.code()).name).field("text", error.text()).end_object().end_object();
  } else {
    out = "chappe: " + error.text();
  }
  std::fprintf(stderr, "%s\n", out.c_str());
  return error_row(error.code()).exit;
}

namespace {

int put(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : error_row(Errc::io).exit;
}

int describe(const Invocation& invocation) {
  if (!invocation.json()) return put(describe_config(invocation.french()));
  std::string out;
  codec::json::Writer w(out, 2);
  w.begin_array();
  for (const auto& key : describe_keys(invocation.french())) {
    w.begin_object().field("section", key.section).field("name", key.name).field("type", key.type);
    w.field("required", key.required);
    if (!key.standard.empty()) w.field("default", key.standard);
    w.field("doc", key.doc).end_object();
  }
  w.end_array();
  return put(out + "\n");
}

int complete(const Invocation&) { return put(bash_completion()); }
int manual(const Invocation& invocation) { return put(manual_page(invocation.french())); }

constexpr Binding kOwn[] = {{"config describe", describe}, {"completion", complete}, {"man", manual}};

Action find_action(std::string_view verb, std::span<const Binding> bindings) {
  for (const auto& binding : bindings)
    if (binding.verb == verb) return binding.action;
  return nullptr;
}

std::string_view locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); value && *value) return value;
  return {};
}

}  // namespace

std::span<const Binding> own_bindings() { return kOwn; }

std::vector<std::string_view> misbound(std::span<const Binding> bindings) {
  std::vector<std::string_view> out;
  for (const auto& row : verbs())
    if (!find_action(row.name, bindings) && !find_action(row.name, kOwn)) out.push_back(row.name);
  for (const auto& binding : bindings)
    if (std::ranges::find(verbs(), binding.verb, &VerbRow::name) == verbs().end()) out.push_back(binding.verb);
  return out;
}

int run_command_line(int argc, const char* const* argv, std::span<const Binding> bindings) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const auto parsed = parse_command_line(words, locale());
  if (!parsed) {
    std::fprintf(stderr, "chappe: %s\n", parsed.error().text().c_str());
    return error_row(parsed.error().code()).exit;
  }
  const Invocation& invocation = parsed->invocation;
  switch (parsed->want) {
    case Parsed::Want::help:
      return put(help_text(parsed->help_prefix, invocation.french()));
    case Parsed::Want::version:
      return put(fmt::format("chappe {}\n", kVersion));
    case Parsed::Want::action:
      break;
  }
  Action action = find_action(invocation.verb().name, bindings);
  if (!action) action = find_action(invocation.verb().name, kOwn);
  if (!action) return invocation.refuse(Error(Errc::bug, "nothing is bound to this verb"));
  return action(invocation);
}

}  // namespace chappe::app
