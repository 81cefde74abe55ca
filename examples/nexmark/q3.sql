-- Nexmark q3: who sells in category 10 and lives in Oregon, Idaho or California.
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);
CREATE STREAM person WITH (connector = 'nexmark', stream = 'person', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q3 AS
SELECT P.name, P.city, P.state, A.id
FROM auction AS A INNER JOIN person AS P ON A.seller = P.id
WHERE A.category = 10 AND (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA');
