/** Whether a credential is one that only a client sends who knows it. Browsers add others, such as Basic, by themselves. */
export const isBearer = (authorization: string | undefined): boolean => /^Bearer +\S/i.test(authorization ?? '');
