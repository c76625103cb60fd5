/**
 * PostgreSQL's key of the lock that stands for a node's membership. Its commits hold it shared; whoever removes the node's row
 * takes it exclusively before, so that no commit of the node comes after its removal.
 * `id`: SQL that gives the 16 bytes of the node's id.
 */
export const nodeLockSql = (id: string): string => `hashtextextended(encode(${id}, 'hex'), 0)`;
