/* group_find_tmpl.h: F_NAME finds or makes the groups of many keys, which F_SAME(t, group, keys, i)
 * compares. */
static int F_NAME(GroupTable *t, const PackedKeys *k, uint8_t **groups, uint8_t **fresh)
{
    int made = 0;
    const bool is_large = t->nslots > PREFETCH_FROM;
    for (int i = 0; i < k->n; i++) {
        if (is_large) prefetch(t, k, i);
        const uint32_t hash = k->hash[i], mask = t->nslots - 1;
        uint32_t at = hash >> t->shift;
        uint8_t *g = NULL;
        for (uint64_t s; (s = t->slots[at]); at = (at + 1) & mask) {
            if (s >> 32 != hash) continue;
            uint8_t *other = slot_entry(t, s);
            if (!(F_SAME(t, other, k, i))) continue;
            g = other;
            break;
        }
        if (!g) {
            g = make_missing(t, at, k, i);
            if (fresh) fresh[made] = g;
            made++;
        }
        if (group_head(t, g)->touched <= t->settled) group_table_touch(t, g);
        groups[i] = g;
    }
    return made;
}
#undef F_NAME
#undef F_SAME
