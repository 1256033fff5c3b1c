// The keys of how letters are looked at on their way in: by Chappe itself, and by milters.
#include "app/config_rows.h"

namespace chappe::app {

std::string_view judged_door_name(JudgedDoor door) { return door == JudgedDoor::mx ? "mx" : "submission"; }

std::string_view without_judge_name(WithoutJudge without) {
  return without == WithoutJudge::accept ? "accept" : "defer";
}

void add_judging_keys(std::vector<KeyRow>& keys) {
  const std::vector<KeyRow> more = {
      {"mx", "judge", false, 0, 0, [](Config& c) -> Slot { return &c.mx.judge; },
       "Whether letters of other hosts are judged before they are taken: SPF, DKIM, DMARC. What was found is written "
       "above them (Authentication-Results) and into their trail.",
       "Si les lettres d'autres machines sont jugées avant d'être prises : SPF, DKIM, DMARC. Ce qui est trouvé est "
       "écrit "
       "au-dessus d'elles (Authentication-Results) et dans leur trace."},
      {"mx", "reject", false, 0, 0, [](Config& c) -> Slot { return &c.mx.reject; },
       "Whether letters are rejected that do not prove to be from their author's domain, if it wants that and more "
       "speaks "
       "against them, or that have no clear author. If not, they go into Junk.",
       "Si sont rejetées les lettres qui ne prouvent pas venir du domaine de leur auteur, quand il le veut et que plus "
       "parle contre elles, ou qui n'ont pas d'auteur clair. Sinon, elles vont dans Junk."},

      {"judge", "name", true, 0, 0, [](Config& c) -> Slot { return &c.judges.back().name; },
       "What it is called in the log, on trails and in metrics: letters a to z, digits and hyphens.",
       "Comment il s'appelle dans le journal, les traces et les métriques : lettres de a à z, chiffres et tirets."},
      {"judge", "address", true, 0, 0, [](Config& c) -> Slot { return &c.judges.back().address; },
       "Where it listens: inet:127.0.0.1:11332, inet:[::1]:11332, inet:localhost:11332 or unix:/run/milter.sock. No "
       "other names are looked up.",
       "Où il écoute : inet:127.0.0.1:11332, inet:[::1]:11332, inet:localhost:11332 ou unix:/run/milter.sock. Les "
       "autres noms ne sont pas cherchés."},
      {"judge", "doors", false, 0, 0, [](Config& c) -> Slot { return &c.judges.back().doors; },
       "Whose letters it hears: \"mx\", those of strangers (not of the site's own hosts), \"submission\", those that "
       "our "
       "own people hand in.",
       "De qui il entend les lettres : « mx », celles des inconnus (pas celles des machines du site), « submission », "
       "celles que les nôtres remettent."},
      {"judge", "without", false, 0, 0, [](Config& c) -> Slot { return &c.judges.back().without; },
       "What becomes of a letter when it does not answer: defer (its sender tries again later) or accept (it goes on "
       "without this judge).",
       "Ce que devient une lettre quand il ne répond pas : defer (son expéditeur réessaie plus tard) ou accept (elle "
       "continue sans ce juge)."},
      {"judge", "step", false, 1, 0, [](Config& c) -> Slot { return &c.judges.back().step; },
       "How long it may take for each answer while a letter arrives.",
       "Combien de temps il peut prendre pour chaque réponse pendant qu'une lettre arrive."},
      {"judge", "verdict", false, 1, 0, [](Config& c) -> Slot { return &c.judges.back().verdict; },
       "How long it may take for its word on the whole letter; its sender waits meanwhile. 3m at most, for all judges "
       "together.",
       "Combien de temps il peut prendre pour son avis sur la lettre entière ; l'expéditeur attend pendant ce temps. "
       "3m "
       "au plus, pour tous les juges ensemble."},
  };
  keys.insert(keys.end(), more.begin(), more.end());
}

}  // namespace chappe::app
