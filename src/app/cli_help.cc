// --help, from the table of verbs.
#include <fmt/core.h>

#include <algorithm>

#include "app/cli.h"

namespace chappe::app {
namespace {

constexpr std::size_t kWidth = 80;

// Terminal columns of a text in Latin letters: one a character of UTF-8.
std::size_t columns(std::string_view s) {
  return static_cast<std::size_t>(
      std::ranges::count_if(s, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Appends `text` broken at spaces, each line but the first indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t column) {
  bool first = true;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!first && column + 1 + columns(word) > kWidth) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns(word);
    first = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

// "  left          right, wrapped", the right one beginning at `indent`.
void append_row(std::string& out, std::string_view left, std::string_view right, std::size_t indent) {
  out += "  ";
  out += left;
  std::size_t column = 2 + columns(left);
  if (column + 2 > indent) {
    out += '\n';
    column = 0;
  }
  out.append(indent - column, ' ');
  append_wrapped(out, right, indent, indent);
}

std::string option_left(const OptionRow& option) {
  return option.argument.empty() ? fmt::format("--{}", option.name)
                                 : fmt::format("--{} {}", option.name, option.argument);
}

std::string option_right(const OptionRow& option, bool french) {
  std::string out(option.doc.in(french));
  if (!option.standard.empty()) out += fmt::format(" [{}]", option.standard);
  if (option.repeatable) out += french ? " (répétable)" : " (repeatable)";
  return out;
}

void append_options(std::string& out, std::span<const OptionRow> options, bool french) {
  for (const auto& option : options) append_row(out, option_left(option), option_right(option, french), 28);
}

std::string one_verb(const VerbRow& verb, bool french) {
  std::string out = french ? "Usage : " : "Usage: ";
  out += synopsis(verb) + "\n\n";
  append_wrapped(out, verb.brief.in(french), 0, 0);
  if (!verb.manual.en.empty()) {
    out += '\n';
    append_wrapped(out, verb.manual.in(french), 0, 0);
  }
  out += "\nOptions\n";
  append_options(out, verb.options, french);
  append_options(out, common_options(), french);
  if (!verb.examples.empty()) out += french ? "\nExemples\n" : "\nExamples\n";
  for (const auto& example : verb.examples) {
    const std::string_view doc = example.doc.in(french);
    out += fmt::format("  {}{}{}\n", example.line, doc.empty() ? "" : "   # ", doc);
  }
  return out;
}

std::string many_verbs(std::string_view prefix, bool french) {
  std::string out =
      french ? "Usage : chappe VERBE [OPTIONS] [ARGUMENTS]\n\n" : "Usage: chappe VERB [OPTIONS] [ARGUMENTS]\n\n";
  if (prefix.empty())
    append_wrapped(out,
                   french ? "Chappe porte le courrier d'une organisation : l'envoie, le reçoit, le garde et le montre."
                          : "Chappe carries an organisation's mail: sends it, takes it in, keeps it and shows it.",
                   0, 0);
  out += french ? "\nVerbes\n" : "\nVerbs\n";
  for (const auto& verb : verbs())
    if (prefix.empty() || verb.name.starts_with(std::string(prefix) + " "))
      append_row(out, verb.name, verb.brief.in(french), 22);
  out += french ? "\nOptions de tous les verbes\n" : "\nOptions of every verb\n";
  append_options(out, common_options(), french);
  out += french ? "\n`chappe VERBE --help` explique un verbe.\n" : "\n`chappe VERB --help` explains one verb.\n";
  return out;
}

}  // namespace

std::string synopsis(const VerbRow& verb) {
  std::string out = fmt::format("chappe {}", verb.name);
  for (const auto& option : verb.options)
    out += fmt::format(" [{}]{}", option_left(option), option.repeatable ? "…" : "");
  for (const auto& argument : verb.arguments) {
    const std::string name(argument.name);
    out += ' ' + (argument.optional ? "[" + name + "]" : name) + (argument.repeatable ? "…" : "");
  }
  return out;
}

std::string help_text(std::string_view prefix, bool french) {
  for (const auto& verb : verbs())
    if (verb.name == prefix) return one_verb(verb, french);
  return many_verbs(prefix, french);
}

}  // namespace chappe::app
