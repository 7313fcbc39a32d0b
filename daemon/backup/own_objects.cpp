#include "daemon/backup/own_objects.hpp"

#include <algorithm>

namespace affsync::backup {

Result<std::vector<std::string>> own_objects(PlainConnection& connection) {
  // Sequences of columns and members of extensions depend on what they belong to.
  auto const found = connection.rows(
      "WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_'"
      " AND nspname NOT IN ('affsync', 'reporting', 'information_schema')"
      " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass"
      " AND d.objid = pg_namespace.oid AND d.deptype = 'e'))"
      " SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'"
      " WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'table' END || ' '"
      " || format('%I.%I', n.nspname, c.relname)"
      " FROM pg_class c JOIN own n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relispartition"
      " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
      " AND d.objid = c.oid AND d.deptype IN ('e', 'a', 'i'))"
      " UNION ALL SELECT 'function ' || p.oid::regprocedure"
      " FROM pg_proc p JOIN own n ON n.oid = p.pronamespace"
      " WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass"
      " AND d.objid = p.oid AND d.deptype = 'e')"
      " UNION ALL SELECT 'schema ' || quote_ident(n.nspname) FROM own n WHERE n.nspname <> 'public'"
      " AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)"
      " AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid) ORDER BY 1");
  if (!found) return found.error();
  std::vector<std::string> objects;
  for (auto const& row : *found) objects.push_back(row[0]);
  return objects;
}

std::string some_of(std::vector<std::string> const& objects) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(objects.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + objects[i];
  }
  if (objects.size() > most) text += " and " + std::to_string(objects.size() - most) + " more";
  return text;
}

}  // namespace affsync::backup
