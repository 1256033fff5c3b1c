// The manual page and the bash completion, from the table of verbs.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/cli.h"
#include "app/config.h"
#include "base/log.h"
#include "base/metrics.h"

namespace chappe::app {
namespace {

// `text` as roff shows it: no character of it is a command (groff_char(7)).
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

class Page {
 public:
  void section(std::string_view title) { out_ += fmt::format(".SH \"{}\"\n", title); }
  void sub_section(std::string_view title) { out_ += fmt::format(".SS \"{}\"\n", roff(title)); }
  void text(std::string_view text) { out_ += roff(text) + '\n'; }
  void paragraph(std::string_view text) {
    if (!text.empty()) out_ += ".PP\n" + roff(text) + '\n';
  }
  void term(std::string_view name, std::string_view meaning) {
    out_ += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(meaning));
  }
  void code(std::string_view line) { out_ += fmt::format(".PP\n.nf\n.RS\n{}\n.RE\n.fi\n", roff(line)); }
  void raw(std::string_view line) { out_ += line; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string by_default(std::string_view value, bool french) {
  return (french ? " Par défaut : " : " Default: ") + std::string(value) + ".";
}

void append_options(Page& page, std::span<const OptionRow> options, bool french) {
  for (const auto& option : options) {
    std::string name = fmt::format("--{}", option.name), meaning(option.doc.in(french));
    if (!option.argument.empty()) name += fmt::format(" {}", option.argument);
    if (!option.standard.empty()) meaning += by_default(option.standard, french);
    if (option.repeatable) meaning += french ? " Peut être répétée." : " May be repeated.";
    page.term(name, meaning);
  }
}

void append_verbs(Page& page, bool french) {
  page.section(french ? "VERBES" : "VERBS");
  for (const auto& verb : verbs()) {
    page.sub_section(synopsis(verb));
    page.text(verb.brief.in(french));
    page.paragraph(verb.manual.in(french));
    append_options(page, verb.options, french);
    for (const auto& example : verb.examples) page.code(example.line);
  }
}

void append_config(Page& page, bool french) {
  page.section("CONFIGURATION");
  page.text(french ? "Le fichier est écrit en TOML. Les chemins relatifs partent du dossier où il se trouve."
                   : "The file is written in TOML. Relative paths begin at the folder that it lies in.");
  const auto keys = describe_keys(french);
  for (const auto& section : config_sections()) {
    page.sub_section(fmt::format("{}{}{}", section.repeated ? "[[" : "[", section.name, section.repeated ? "]]" : "]"));
    page.text(french ? section.doc_fr : section.doc);
    for (const auto& key : keys) {
      if (key.section != section.name) continue;
      std::string meaning = fmt::format("({}) {}", key.type, key.doc);
      if (key.required) meaning += french ? " Obligatoire." : " Required.";
      if (!key.standard.empty()) meaning += by_default(key.standard, french);
      page.term(key.name, meaning);
    }
  }
}

void append_exit_codes(Page& page, bool french) {
  page.section(french ? "CODES DE SORTIE" : "EXIT STATUS");
  std::map<int, std::string> names;
  for (int i = 0; i < kErrcCount; ++i) {
    const ErrorRow& row = error_row(static_cast<Errc>(i));
    std::string& list = names[row.exit];
    list += (list.empty() ? "" : ", ") + std::string(row.name);
  }
  page.term("0", french ? "fait" : "done");
  for (const auto& [code, list] : names) page.term(fmt::format("{}", code), list);
}

void append_events(Page& page, bool french) {
  page.section(french ? "JOURNAL" : "LOG");
  page.text(french ? "Chaque ligne est un événement. Voici ceux de ce programme, avec leur niveau et leurs champs."
                   : "Each line is an event. These are the ones of this program, with their levels and fields.");
  std::map<std::string_view, const EventRow*> rows;
  for (const EventRow* row = first_event(); row; row = row->next) rows[row->id] = row;
  for (const auto& [id, row] : rows) {
    std::string head = fmt::format("{} ({})", id, level_name(row->level));
    for (const auto field : row->fields) head += fmt::format(" {}=", field);
    page.term(head, row->manual);
  }
}

void append_metrics(Page& page, bool french) {
  page.section(french ? "MESURES" : "METRICS");
  page.text(french ? "Au format texte de Prometheus." : "In the text format of Prometheus.");
  std::map<std::string_view, const MetricRow*> rows;
  for (const MetricRow* row = first_metric(); row; row = row->next) rows[row->name] = row;
  for (const auto& [name, row] : rows) {
    std::string head = fmt::format("{} ({})", name, row->type);
    for (const auto label : row->labels) head += fmt::format(" {}=", label);
    page.term(head, row->help);
  }
}

// The words that come next in verbs which begin with `before`; the first ones when it is empty.
std::string words_after(std::string_view before) {
  std::set<std::string_view> words;
  for (const auto& verb : verbs()) {
    std::string_view rest = verb.name;
    if (!before.empty()) {
      if (!rest.starts_with(before) || rest.size() == before.size() || rest[before.size()] != ' ') continue;
      rest.remove_prefix(before.size() + 1);
    }
    words.insert(rest.substr(0, rest.find(' ')));
  }
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

// Shell code that completes the value of `option`; empty when nothing is known about it.
std::string value_completion(const OptionRow& option) {
  if (!option.choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(option.choices));
  if (option.argument == "FILE") return "COMPREPLY=($(compgen -f -- \"$word\"))";
  if (option.argument == "DIR") return "COMPREPLY=($(compgen -d -- \"$word\"))";
  return "COMPREPLY=()";
}

}  // namespace

std::string manual_page(bool french) {
  Page page;
  page.raw(fmt::format(".TH CHAPPE 8 \"\" \"chappe {}\"\n", kVersion));
  page.section(french ? "NOM" : "NAME");
  page.raw(french ? "chappe \\- un système de courrier complet\n" : "chappe \\- a complete mail system\n");
  page.section("SYNOPSIS");
  page.raw(french ? "\\fBchappe\\fR VERBE [OPTIONS] [ARGUMENTS]\n" : "\\fBchappe\\fR VERB [OPTIONS] [ARGUMENTS]\n");
  page.section("DESCRIPTION");
  page.text(french
                ? "Chappe porte le courrier d'une organisation : il prend les lettres de ses membres et du monde, les "
                  "garde, et les montre par IMAP et POP3. C'est un seul programme ; tout ce qu'il sait faire est un "
                  "verbe."
                : "Chappe carries an organisation's mail: it takes letters from its members and from the world, keeps "
                  "them, and shows them by IMAP and POP3. It is one program; everything it can do is a verb.");
  append_verbs(page, french);
  page.section(french ? "OPTIONS DE TOUS LES VERBES" : "OPTIONS OF EVERY VERB");
  append_options(page, common_options(), french);
  append_config(page, french);
  append_exit_codes(page, french);
  append_events(page, french);
  append_metrics(page, french);
  return page.take();
}

std::string bash_completion() {
  std::string out =
      "# bash completion for chappe\n"
      "_chappe() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} first= second= third= w\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $w in -*) continue ;; esac\n"
      "    if [ -z \"$first\" ]; then first=$w; elif [ -z \"$second\" ]; then second=$w\n"
      "    elif [ -z \"$third\" ]; then third=$w; fi\n"
      "  done\n"
      "  case $last in\n";
  std::map<std::string_view, std::string> values;  // an option means the same wherever it stands
  std::string common;
  for (const auto& option : common_options()) {
    common += fmt::format(" --{}", option.name);
    if (!option.argument.empty()) values[option.name] = value_completion(option);
  }
  for (const auto& verb : verbs())
    for (const auto& option : verb.options)
      if (!option.argument.empty()) values[option.name] = value_completion(option);
  for (const auto& [name, code] : values) out += fmt::format("    --{}) {}; return ;;\n", name, code);
  out += "  esac\n  local options=\"" + common.substr(1) + "\"\n  case \"$first $second $third \" in\n";
  for (const auto& verb : verbs()) {
    std::string names;
    for (const auto& option : verb.options) names += fmt::format(" --{}", option.name);
    if (!names.empty()) out += fmt::format("    \"{} \"*) options+=\"{}\" ;;\n", verb.name, names);
  }
  out +=
      "  esac\n"
      "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return; fi\n"
      "  case \"$first $second $third\" in\n";
  out += fmt::format("    \"  \") COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", words_after(""));
  std::map<std::string, std::string> next;  // the words behind those that are there
  for (const auto& verb : verbs()) {
    for (auto space = verb.name.find(' '); space != std::string_view::npos; space = verb.name.find(' ', space + 1)) {
      const std::string_view before = verb.name.substr(0, space);
      next[std::string(before)] = words_after(before);
    }
    if (!verb.arguments.empty() && !verb.arguments[0].choices.empty())
      next[std::string(verb.name)] = joined(verb.arguments[0].choices);
  }
  for (const auto& [before, words] : next) {
    // Three words, of which those that are missing are empty.
    const auto blanks = 2 - std::ranges::count(before, ' ');
    out += fmt::format("    \"{}{}\") COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", before,
                       std::string(static_cast<std::size_t>(std::max<std::ptrdiff_t>(blanks, 0)), ' '), words);
  }
  out +=
      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _chappe chappe\n";
  return out;
}

}  // namespace chappe::app
