// Reading letters, with GMime beside it when that is installed: (a) the structure only, (b) the structure, all header
// values, the addresses, and all bodies decoded. Bytes per second of the letter.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#ifdef CHAPPE_HAVE_GMIME
#include <gmime/gmime.h>
#endif

#include "base/random.h"
#include "message/address.h"
#include "message/body.h"
#include "message/builder.h"
#include "message/letter.h"
#include "message/words.h"

namespace chappe::message {
namespace {

using Corpus = std::vector<std::string>;

HeaderBlock usual_header() {
  HeaderBlock h;
  for (int i = 0; i < 4; ++i)
    h.structured("Received",
                 "from mx1.example.net (mx1.example.net [192.0.2.25]) by mail.example.org (Postfix) with ESMTPS id "
                 "4FzT1k2Q3Yz9sQd for <bob@example.org>; Fri, 20 Nov 2026 18:46:00 +0100 (CET)");
  h.structured("DKIM-Signature",
               "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=sel; h=from:to:subject:date:message-id; "
               "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
               "b=" +
                   std::string(300, 'a'));
  h.addresses("From", std::vector{mailbox("René Dupont", "rene", "example.net")});
  h.addresses("To", std::vector{mailbox("Bob", "bob", "example.org"), mailbox("Carol, X", "carol", "example.org")});
  h.text("Subject", "Compte rendu de la réunion de mardi");
  h.date("Date", Time{1'795'000'000'000'000}, 60);
  h.ids("Message-ID", std::vector<std::string>{"20261120184600.1234@example.net"});
  return h;
}

// 21 KB in all, most of it one base64 attachment.
Corpus base64_mail() {
  SeededRandom random(1);
  std::vector<Entity> parts;
  parts.push_back(Entity::text("Bonjour,\n\nvoici le fichier.\n"));
  parts.push_back(Entity::data("application/pdf", random.bytes(14'000)).attachment("compte-rendu.pdf"));
  return {build_letter(usual_header(), Entity::multipart("mixed", std::move(parts)), random)};
}

Corpus small_mail() {
  SeededRandom random(2);
  return {build_letter(usual_header(), Entity::text("Bonjour,\n\nà demain.\n\nRené\n"), random)};
}

Corpus nested_mail() {
  SeededRandom random(3);
  std::string text;
  for (int i = 0; i < 60; ++i) text += "Une ligne de texte ordinaire, avec un accent de temps en temps : été.\n";
  std::vector<Entity> level;
  level.push_back(Entity::text(text));
  for (int i = 0; i < 6; ++i) {
    std::vector<Entity> next;
    next.push_back(Entity::multipart(i % 2 ? "mixed" : "related", std::move(level)));
    next.push_back(Entity::text(text, "html"));
    next.push_back(Entity::message(build_letter(usual_header(), Entity::text(text), random)));
    level = std::move(next);
  }
  return {build_letter(usual_header(), Entity::multipart("mixed", std::move(level)), random)};
}

Corpus vectors() {
  const char* set = std::getenv("CHAPPE_VECTORS");
  const std::filesystem::path root = set != nullptr ? set : "../shared/vectors";
  Corpus out;
  for (const char* folder : {"mime-mimetools", "mime-ruby-mail", "mime-mimekit"}) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& e : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!e.is_regular_file() || e.path().extension() == ".xml") continue;
      std::ifstream in(e.path(), std::ios::binary);
      out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  return out;
}

void chappe_tree(const std::string& bytes) {
  const Letter letter(bytes);
  benchmark::DoNotOptimize(letter.parts().size());
}

void chappe_all(const std::string& bytes) {
  const Letter letter(bytes);
  for (const Part& p : letter.parts()) {
    for (const Field& f : letter.fields(p)) {
      switch (f.id()) {
        case FieldName::from:
        case FieldName::to:
        case FieldName::cc:
        case FieldName::reply_to:
        case FieldName::sender:
          benchmark::DoNotOptimize(parse_addresses(f.value()).entries.size());
          break;
        default:
          benchmark::DoNotOptimize(decode_text(f.value()).size());
          break;
      }
    }
    if (p.kind == Part::Kind::leaf) benchmark::DoNotOptimize(decode_body(letter, p).size());
  }
}

#ifdef CHAPPE_HAVE_GMIME
GMimeMessage* gmime_parse(const std::string& bytes) {
  GMimeStream* stream = g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size());
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* message = g_mime_parser_construct_message(parser, nullptr);
  g_object_unref(parser);
  g_object_unref(stream);
  return message;
}

void gmime_tree(const std::string& bytes) {
  GMimeMessage* message = gmime_parse(bytes);
  benchmark::DoNotOptimize(message);
  if (message != nullptr) g_object_unref(message);
}

void gmime_headers(GMimeObject* object) {
  GMimeHeaderList* headers = g_mime_object_get_header_list(object);
  for (int i = 0; i < g_mime_header_list_get_count(headers); ++i)
    benchmark::DoNotOptimize(g_mime_header_get_value(g_mime_header_list_get_header_at(headers, i)));
}

void gmime_message(GMimeMessage* message);

void gmime_part(GMimeObject*, GMimeObject* object, gpointer) {
  gmime_headers(object);
  if (GMIME_IS_MESSAGE_PART(object)) {
    if (GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object))) gmime_message(inner);
  } else if (GMIME_IS_PART(object)) {
    GMimeDataWrapper* content = g_mime_part_get_content(GMIME_PART(object));
    if (content == nullptr) return;
    GMimeStream* out = g_mime_stream_mem_new();
    benchmark::DoNotOptimize(g_mime_data_wrapper_write_to_stream(content, out));
    g_object_unref(out);
  }
}

void gmime_message(GMimeMessage* message) {
  gmime_headers(GMIME_OBJECT(message));
  for (const GMimeAddressType type : {GMIME_ADDRESS_TYPE_FROM, GMIME_ADDRESS_TYPE_TO, GMIME_ADDRESS_TYPE_CC,
                                      GMIME_ADDRESS_TYPE_REPLY_TO, GMIME_ADDRESS_TYPE_SENDER})
    benchmark::DoNotOptimize(internet_address_list_length(g_mime_message_get_addresses(message, type)));
  // The message's own part is not among those that foreach visits when it is no multipart.
  GMimeObject* body = g_mime_message_get_mime_part(message);
  if (body == nullptr) return;
  gmime_part(nullptr, body, nullptr);
  if (GMIME_IS_MULTIPART(body)) g_mime_multipart_foreach(GMIME_MULTIPART(body), gmime_part, nullptr);
}

void gmime_all(const std::string& bytes) {
  GMimeMessage* message = gmime_parse(bytes);
  if (message == nullptr) return;
  gmime_message(message);
  g_object_unref(message);
}
#endif

void run(benchmark::State& state, const Corpus& corpus, void (*read)(const std::string&)) {
  std::int64_t size = 0;
  for (const auto& letter : corpus) size += static_cast<std::int64_t>(letter.size());
  if (corpus.empty()) {
    state.SkipWithError("no vectors");
    return;
  }
  for (auto _ : state)
    for (const auto& letter : corpus) read(letter);
  state.SetBytesProcessed(state.iterations() * size);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(corpus.size()));
}

[[maybe_unused]] const int registered = [] {
#ifdef CHAPPE_HAVE_GMIME
  g_mime_init();
#endif
  static const std::pair<const char*, Corpus> corpora[] = {
      {"base64_21k", base64_mail()}, {"small", small_mail()}, {"nested", nested_mail()}, {"vectors", vectors()}};
  static const std::pair<const char*, void (*)(const std::string&)> readers[] = {
      {"chappe_tree", chappe_tree},
      {"chappe_all", chappe_all},
#ifdef CHAPPE_HAVE_GMIME
      {"gmime_tree", gmime_tree},
      {"gmime_all", gmime_all},
#endif
  };
  for (const auto& [corpus_name, corpus] : corpora)
    for (const auto& [reader_name, reader] : readers)
      benchmark::RegisterBenchmark(
          (std::string(corpus_name) + "/" + reader_name).c_str(),
          [&letters = corpus, read = reader](benchmark::State& state) { run(state, letters, read); });
  return 0;
}();

}  // namespace
}  // namespace chappe::message
